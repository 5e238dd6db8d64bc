/** A stretch of text. */
export interface TextRun {
  readonly start: number;
  readonly end: number;
}

/** No token is shorter. */
const LEAST_TEXT = 12;

const [NO_TEXT, ASCII, CONTINUES, LEADS] = [0, 1, 2, 3];

/** What a byte is in UTF-8 text; NUL counts as text, since UTF-16 is full of it. */
const CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return byte < 0xc0 ? CONTINUES : byte < 0xf5 ? LEADS : NO_TEXT;
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  return isPrintable || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0
    ? ASCII
    : NO_TEXT;
});

function isText(bytes: Uint8Array, at: number): boolean {
  const kind = CLASS[bytes[at] as number];
  if (kind === ASCII) return true;
  if (kind === NO_TEXT) return false;
  if (kind === LEADS) return CLASS[bytes[at + 1] ?? 0] === CONTINUES;
  return (CLASS[bytes[at - 1] ?? 0] ?? 0) >= CONTINUES;
}

/**
 * The first stretch from `from` on of what may be UTF-8 text, long enough to hold a token. It looks
 * at few of the bytes that are none.
 */
export function nextText(bytes: Uint8Array, from: number): TextRun | undefined {
  let start = from;
  search: while (start + LEAST_TEXT <= bytes.length) {
    for (let at = start + LEAST_TEXT - 1; at >= start; at--) {
      if (!isText(bytes, at)) {
        start = at + 1;
        continue search;
      }
    }
    let end = start + LEAST_TEXT;
    while (end < bytes.length && isText(bytes, end)) end++;
    return { start, end };
  }
  return undefined;
}
