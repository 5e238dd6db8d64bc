import { HEX } from "./characters.ts";

/** The ways to write a character by others, as bits of a set. */
export const ESCAPES = { percent: 1, backslash: 2, entity: 4, quotedPrintable: 8 } as const;

/** One escape that was read; the reader is reused, so copy what is to last. */
export interface EscapeReader {
  /** Bytes that it takes. */
  width: number;
  /** A byte (below 0x100, when `isByte`) or a code point; -1 for what joins its neighbours. */
  value: number;
  /** Is the value a byte, which may be one of several of a UTF-8 sequence? */
  isByte: boolean;
}

const LEADS = new Map<number, number>([
  [0x25, ESCAPES.percent],
  [0x5c, ESCAPES.backslash],
  [0x26, ESCAPES.entity],
  [0x3d, ESCAPES.quotedPrintable],
]);

/** The kind of escape that a byte may begin, 0 for none. */
export const ESCAPE_LEAD: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => LEADS.get(byte) ?? 0,
);

/** Named character references for what a token may contain; those for accents fold to nothing. */
const NAMED: readonly (readonly [name: string, character: string])[] = [
  ["amp;", "&"],
  ["sol;", "/"],
  ["lowbar;", "_"],
  ["UnderBar;", "_"],
  ["period;", "."],
  ["colon;", ":"],
  ["semi;", ";"],
  ["equals;", "="],
  ["plus;", "+"],
  ["hyphen;", "-"],
  ["dash;", "-"],
  ["percnt;", "%"],
  ["num;", "#"],
  ["bsol;", "\\"],
  ["commat;", "@"],
  ["shy;", "\u00ad"],
  ["ZeroWidthSpace;", "\u200b"],
  ["NoBreak;", "\u2060"],
  ["zwj;", "\u200d"],
  ["zwnj;", "\u200c"],
];

/** Control characters by the letter that stands for them behind a backslash. */
const LETTERS = new Map<number, number>([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x76, 0x0b],
]);

/** More digits than any escape has, leading zeros included, so that none is read for long. */
const MOST_DIGITS = 32;
const MOST_BACKSLASHES = 64;

/**
 * Reads the escape of one of the given kinds at `at` into `into`.
 *
 * @returns false when there is none, or when it is cut off by the end
 */
export function readEscape(
  bytes: Uint8Array,
  at: number,
  { kinds, into }: { kinds: number; into: EscapeReader },
): boolean {
  const kind = (ESCAPE_LEAD[bytes[at] ?? 0] ?? 0) & kinds;
  into.isByte = false;
  if (kind === ESCAPES.percent) return readPercent(bytes, at, into);
  if (kind === ESCAPES.backslash) return readBackslash(bytes, at, into);
  if (kind === ESCAPES.entity) return readEntity(bytes, at, into);
  return kind === ESCAPES.quotedPrintable && readQuotedPrintable(bytes, at, into);
}

function readPercent(bytes: Uint8Array, at: number, into: EscapeReader): boolean {
  if (bytes[at + 1] === 0x75) {
    return readDigits(bytes, at + 2, { base: 16, exactly: 4, into, prefix: 2 });
  }
  return readByte(bytes, at, into);
}

function readByte(bytes: Uint8Array, at: number, into: EscapeReader): boolean {
  const high = HEX[bytes[at + 1] ?? 0] ?? 255;
  const low = HEX[bytes[at + 2] ?? 0] ?? 255;
  if (at + 2 >= bytes.length || high > 15 || low > 15) return false;
  into.width = 3;
  into.value = high << 4 | low;
  into.isByte = true;
  return true;
}

function readQuotedPrintable(bytes: Uint8Array, at: number, into: EscapeReader): boolean {
  const breaks = lineEnd(bytes, at + 1);
  if (breaks === 0) return readByte(bytes, at, into);
  into.width = 1 + breaks;
  into.value = -1;
  return true;
}

/** A text within a text doubles its backslashes, so any number of them counts as one. */
function readBackslash(bytes: Uint8Array, at: number, into: EscapeReader): boolean {
  let next = at + 1;
  while (bytes[next] === 0x5c && next - at < MOST_BACKSLASHES) next++;
  const prefix = next - at + 1;
  const letter = bytes[next] ?? 0;
  if (next >= bytes.length) return false;
  if (letter === 0x75 || letter === 0x78 || letter === 0x55) {
    if (bytes[next + 1] === 0x7b) return readBraced(bytes, next + 2, { prefix: prefix + 1, into });
    const exactly = letter === 0x75 ? 4 : letter === 0x78 ? 2 : 8;
    const isRead = readDigits(bytes, next + 1, { base: 16, exactly, prefix, into });
    into.isByte = isRead && letter === 0x78;
    return isRead && (letter !== 0x75 || readLowSurrogate(bytes, at + into.width, into));
  }
  if (letter >= 0x30 && letter <= 0x37) return readOctal(bytes, next, { prefix: prefix - 1, into });
  return readSimple(bytes, next, { count: prefix - 1, into });
}

/** A line's end joins; a letter or a sign stands for itself; backslashes alone come to one. */
function readSimple(
  bytes: Uint8Array,
  next: number,
  { count, into }: { count: number; into: EscapeReader },
): boolean {
  const letter = bytes[next] ?? 0;
  const breaks = lineEnd(bytes, next);
  if (breaks > 0) {
    into.width = count + breaks;
    into.value = -1;
  } else if (LETTERS.has(letter) || isPunctuation(letter)) {
    into.width = count + 1;
    into.value = LETTERS.get(letter) ?? letter;
  } else {
    into.width = count;
    into.value = 0x5c;
    return count > 1;
  }
  return true;
}

function isPunctuation(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x5c && !(byte >= 0x30 && byte <= 0x39) &&
    !((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
}

function lineEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x0a) return 1;
  return bytes[at] === 0x0d ? bytes[at + 1] === 0x0a ? 2 : 1 : 0;
}

interface Digits {
  readonly base: 10 | 16;
  /** Bytes before the digits. */
  readonly prefix: number;
  readonly exactly?: number;
  readonly into: EscapeReader;
}

function readDigits(
  bytes: Uint8Array,
  from: number,
  { base, exactly = MOST_DIGITS, prefix, into }: Digits,
): boolean {
  let value = 0;
  let count = 0;
  while (count < exactly) {
    const digit = from + count < bytes.length ? HEX[bytes[from + count] ?? 0] ?? 255 : 255;
    if (digit >= base) break;
    value = value * base + digit;
    count++;
  }
  if (count === 0 || (exactly !== MOST_DIGITS && count < exactly)) return false;
  into.width = prefix + count;
  into.value = value > 0x10ffff ? 0xfffd : value;
  return true;
}

function readBraced(
  bytes: Uint8Array,
  from: number,
  { prefix, into }: { prefix: number; into: EscapeReader },
): boolean {
  if (!readDigits(bytes, from, { base: 16, prefix, into })) return false;
  if (bytes[from + into.width - prefix] !== 0x7d) return false;
  into.width++;
  return true;
}

function readOctal(
  bytes: Uint8Array,
  from: number,
  { prefix, into }: { prefix: number; into: EscapeReader },
): boolean {
  let value = 0;
  let count = 0;
  while (count < 3) {
    const digit = (bytes[from + count] ?? 0) - 0x30;
    if (digit < 0 || digit > 7 || value * 8 + digit > 255) break;
    value = value * 8 + digit;
    count++;
  }
  into.width = prefix + count;
  into.value = value;
  into.isByte = true;
  return count > 0;
}

/** UTF-16 writes what is beyond its first plane as two escapes. */
function readLowSurrogate(bytes: Uint8Array, at: number, into: EscapeReader): boolean {
  const { width, value: high } = into;
  if (high < 0xd800 || high > 0xdbff || bytes[at] !== 0x5c) return true;
  let next = at + 1;
  while (bytes[next] === 0x5c && next - at < MOST_BACKSLASHES) next++;
  const prefix = next - at + 1;
  const isRead = bytes[next] === 0x75 &&
    readDigits(bytes, next + 1, { base: 16, exactly: 4, prefix, into });
  if (isRead && into.value >= 0xdc00 && into.value <= 0xdfff) {
    into.value = 0x10000 + ((high - 0xd800) << 10 | (into.value - 0xdc00));
    into.width += width;
  } else {
    into.value = high;
    into.width = width;
  }
  return true;
}

function readEntity(bytes: Uint8Array, at: number, into: EscapeReader): boolean {
  if (bytes[at + 1] !== 0x23) return readNamed(bytes, at, into);
  const isHex = ((bytes[at + 2] ?? 0) | 0x20) === 0x78;
  const prefix = isHex ? 3 : 2;
  if (!readDigits(bytes, at + prefix, { base: isHex ? 16 : 10, prefix, into })) return false;
  if (bytes[at + into.width] === 0x3b) into.width++;
  return true;
}

function readNamed(bytes: Uint8Array, at: number, into: EscapeReader): boolean {
  for (const [name, character] of NAMED) {
    let same = 0;
    while (same < name.length && bytes[at + 1 + same] === name.charCodeAt(same)) same++;
    if (same < name.length) continue;
    into.width = 1 + same;
    into.value = character.codePointAt(0) ?? 0;
    return true;
  }
  return false;
}
