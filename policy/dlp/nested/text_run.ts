/** A stretch of text. */
export interface TextRun {
  readonly start: number;
  readonly end: number;
}

/** No token is shorter; shorter pieces of known secrets are found among other bytes as well. */
const LEAST_TEXT = 16;

const [NO_TEXT, ASCII, CONTINUES, LEADS] = [0, 1, 2, 3];

/** What a byte is in UTF-8 text; NUL counts as text, since UTF-16 is full of it. */
const CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return byte < 0xc0 ? CONTINUES : byte < 0xf5 ? LEADS : NO_TEXT;
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  return isPrintable || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0
    ? ASCII
    : NO_TEXT;
});

/** For two bytes in turn: bit 0 tells whether the first may be of text, bit 1 the second. */
const PAIR: Uint8Array = Uint8Array.from({ length: 16 }, (_, pair) => {
  const [first = 0, second = 0] = [pair >> 2, pair & 3];
  const isFirst = first === LEADS ? second === CONTINUES : first !== NO_TEXT;
  const isSecond = second === CONTINUES ? first >= CONTINUES : second !== NO_TEXT;
  return (isFirst ? 1 : 0) | (isSecond ? 2 : 0);
});

function isText(bytes: Uint8Array, at: number): boolean {
  const kind = CLASS[bytes[at] as number] as number;
  if (kind === ASCII) return true;
  // Reading beyond an array's ends would make every read here slow.
  const before = at > 0 ? CLASS[bytes[at - 1] as number] as number : NO_TEXT;
  const after = at + 1 < bytes.length ? CLASS[bytes[at + 1] as number] as number : NO_TEXT;
  return ((PAIR[kind << 2 | after] as number) & 1) !== 0 &&
    ((PAIR[before << 2 | kind] as number) & 2) !== 0;
}

/** May the three bytes up to `at` all be of text? Without a branch, for most are none. */
function mayEndText(bytes: Uint8Array, at: number): boolean {
  const a = CLASS[bytes[at - 2] as number] as number;
  const b = CLASS[bytes[at - 1] as number] as number;
  const c = CLASS[bytes[at] as number] as number;
  const ab = PAIR[a << 2 | b] as number;
  const bc = PAIR[b << 2 | c] as number;
  return (ab & ab >> 1 & bc & bc >> 1) !== 0 || (a === ASCII && b === ASCII && c >= ASCII);
}

/**
 * The first stretch from `from` on of what may be UTF-8 text, long enough to hold a token. It looks
 * at few of the bytes that are none.
 */
export function nextText(
  bytes: Uint8Array,
  from: number,
  length: number = bytes.length,
): TextRun | undefined {
  let start = from;
  search: while (start + LEAST_TEXT <= length) {
    const last = start + LEAST_TEXT - 1;
    if (!mayEndText(bytes, last)) {
      start = firstAfterNoText(bytes, last);
      continue;
    }
    for (let at = last; at >= start; at--) {
      if (!isText(bytes, at)) {
        start = at + 1;
        continue search;
      }
    }
    let end = start + LEAST_TEXT;
    while (end < length && isText(bytes, end)) end++;
    return { start, end };
  }
  return undefined;
}

/** One of the three bytes up to `last` is no text: what begins behind it. */
function firstAfterNoText(bytes: Uint8Array, last: number): number {
  if (!isText(bytes, last)) return last + 1;
  return isText(bytes, last - 1) ? last - 1 : last;
}
