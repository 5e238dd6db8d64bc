import { HEX } from "../views/characters.ts";

/** A stretch of numbers and what stands between them. */
export interface ByteList {
  readonly start: number;
  /** Behind its last digit. */
  readonly end: number;
}

/** Characters that a list of enough bytes has, two digits and a separator each. */
const LEAST_LENGTH = 40;
/** A list is seen by a look at every so many characters. */
const STEP = 16;

/** Digits, and what programs write between bytes: `67:68`, `0x67, 0x68`, `[103,104]`. */
const LISTED: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => +(byte < 0x80 && /[0-9a-fA-F ,:;\-\r\n\tx[\]]/.test(String.fromCharCode(byte))),
);

/** The first list from `from` on. It looks at half of the characters of other text. */
export function nextByteList(bytes: Uint8Array, from: number): ByteList | undefined {
  let at = from;
  while (at + LEAST_LENGTH / 2 <= bytes.length) {
    if (!isListed(bytes, at)) {
      at += STEP;
      continue;
    }
    let start = at;
    while (start > from && LISTED[bytes[start - 1] as number] === 1) start--;
    let end = at;
    while (end < bytes.length && LISTED[bytes[end] as number] === 1) end++;
    at = end + 1;
    while (start < end && (HEX[bytes[start] as number] as number) > 15) start++;
    while (end > start && (HEX[bytes[end - 1] as number] as number) > 15) end--;
    if (end - start >= LEAST_LENGTH) return { start, end };
  }
  return undefined;
}

function isListed(bytes: Uint8Array, at: number): boolean {
  const first = (LISTED[bytes[at] as number] as number) &
    (LISTED[bytes[at + 1] as number] as number) &
    (LISTED[bytes[at + 2] as number] as number) & (LISTED[bytes[at + 3] as number] as number);
  return first === 1 && LISTED[bytes[at + 4] as number] === 1 &&
    LISTED[bytes[at + 5] as number] === 1 && LISTED[bytes[at + 6] as number] === 1 &&
    LISTED[bytes[at + 7] as number] === 1;
}

/** Stands for what is no byte: no text, so that a number too large parts what stands around it. */
const NO_BYTE = 0x01;

/** Writes a list's numbers as bytes, read as decimal; gives how many. */
export function decodeDecimals(
  bytes: Uint8Array,
  { start, end }: ByteList,
  out: Uint8Array,
): number {
  let written = 0;
  let value = -1;
  for (let at = start; at <= end; at++) {
    const digit = at < end ? HEX[bytes[at] as number] as number : 255;
    if (digit <= 15) {
      value = Math.min(0xffff, digit > 9 ? 0xffff : Math.max(value, 0) * 10 + digit);
    } else if (value >= 0) {
      out[written++] = value > 255 ? NO_BYTE : value;
      value = -1;
    }
  }
  return written;
}

/** Writes each two hexadecimal digits as a byte, `0x` left out; gives how many. */
export function decodePairs(bytes: Uint8Array, { start, end }: ByteList, out: Uint8Array): number {
  let written = 0;
  let high = -1;
  for (let at = start; at < end; at++) {
    const digit = HEX[bytes[at] as number] as number;
    if (digit > 15) continue;
    if (digit === 0 && bytes[at + 1] === 0x78) at++;
    else if (high < 0) high = digit;
    else {
      out[written++] = high << 4 | digit;
      high = -1;
    }
  }
  return written;
}
