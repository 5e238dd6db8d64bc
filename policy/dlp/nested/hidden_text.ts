/** Digits from one to another, in groups of four, that decode to text. */
export interface HiddenText {
  readonly first: number;
  readonly end: number;
}

/** Groups of four digits, three bytes each, that must be text for it to be no chance. */
const LEAST_GROUPS = 4;
const STEP = 4 * LEAST_GROUPS;

/** For two digits in turn: which of the three bytes that they may make is text. */
const TEXT: Uint8Array = Uint8Array.from({ length: 4096 }, (_, pair) => {
  const [first, middle, last] = [pair >> 4, pair >> 2 & 0xff, pair & 0xff];
  return (isText(first) ? 1 : 0) | (isText(middle) ? 2 : 0) | (isText(last) ? 4 : 0);
});

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Finds text in base64 at each of the four places where a group may begin, whatever stands before
 * it. Random digits are left after a look at seven in sixteen, since text is at least four groups
 * that are all printable.
 *
 * @param tell is called for each stretch, with one group more on both sides
 */
export function findHiddenText(
  digits: Uint8Array,
  count: number,
  tell: (found: HiddenText) => void,
): void {
  const ends = [0, 0, 0, 0];
  for (let base = 0; base + 4 <= count; base += STEP) {
    if (base + 7 <= count && !mayBeText(digits, base)) continue;
    for (let phase = 0; phase < 4; phase++) {
      const at = base + phase;
      const least = ends[phase] as number;
      if (at < least || !isTextGroup(digits, at, count)) continue;
      let first = at;
      while (first - 4 >= least && isTextGroup(digits, first - 4, count)) first -= 4;
      let end = at + 4;
      while (isTextGroup(digits, end, count)) end += 4;
      ends[phase] = end;
      if (end - first < STEP) continue;
      tell({ first: first >= 4 ? first - 4 : first, end: Math.min(count, end + 4) });
    }
  }
}

/** Is one of the four groups that begin in the next four digits text? Without a branch. */
function mayBeText(digits: Uint8Array, at: number): boolean {
  const b = digits[at + 1] as number;
  const c = digits[at + 2] as number;
  const d = digits[at + 3] as number;
  const e = digits[at + 4] as number;
  const f = digits[at + 5] as number;
  const bc = TEXT[b << 6 | c] as number;
  const cd = TEXT[c << 6 | d] as number;
  const de = TEXT[d << 6 | e] as number;
  const ef = TEXT[e << 6 | f] as number;
  const groups = ((TEXT[(digits[at] as number) << 6 | b] as number) & bc >> 1 & cd >> 2) |
    (bc & cd >> 1 & de >> 2) | (cd & de >> 1 & ef >> 2) |
    (de & ef >> 1 & (TEXT[f << 6 | (digits[at + 6] as number)] as number) >> 2);
  return (groups & 1) !== 0;
}

function isTextGroup(digits: Uint8Array, at: number, count: number): boolean {
  if (at + 4 > count) return false;
  const first = digits[at] as number;
  const second = digits[at + 1] as number;
  if (((TEXT[first << 6 | second] as number) & 1) === 0) return false;
  const third = digits[at + 2] as number;
  if (((TEXT[second << 6 | third] as number) & 2) === 0) return false;
  return ((TEXT[third << 6 | (digits[at + 3] as number)] as number) & 4) !== 0;
}

/** Decodes digits; gives the bytes written, of a last group that is cut off what it says. */
export function decodeDigits(
  digits: Uint8Array,
  { first, end }: HiddenText,
  out: Uint8Array,
): number {
  let written = 0;
  let at = first;
  for (; at + 4 <= end; at += 4) {
    const bits = (digits[at] as number) << 18 | (digits[at + 1] as number) << 12 |
      (digits[at + 2] as number) << 6 | (digits[at + 3] as number);
    out[written] = bits >> 16;
    out[written + 1] = bits >> 8;
    out[written + 2] = bits;
    written += 3;
  }
  if (end - at >= 2) {
    const bits = (digits[at] as number) << 12 | (digits[at + 1] as number) << 6 |
      (end - at > 2 ? digits[at + 2] as number : 0);
    out[written++] = bits >> 10;
    if (end - at > 2) out[written++] = bits >> 2;
  }
  return written;
}
