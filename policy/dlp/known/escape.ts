import { isAlphanumeric } from "./alphabet.ts";

/** What follows a sign that may begin an escape. */
export interface Escaped {
  /** How many alphanumerics belong to an escape that stands for something else; 0 for no such. */
  readonly count: number;
  /** It begins with a backslash behind an odd number of others, which may make it plain text. */
  readonly isDoubted: boolean;
}

const NOTHING: Escaped = { count: 0, isDoubted: false };
const [BACKSLASH, PERCENT, EQUALS, AMPERSAND] = [0x5c, 0x25, 0x3d, 0x26];
/** Letters that stand for a control character behind a backslash, in JSON, C or a shell. */
const CONTROLS = new Set([..."abefnrtv0"].map((letter) => letter.charCodeAt(0)));
/** The longest character reference that is looked at, `;` included. */
const MAX_REFERENCE = 12;

/**
 * How many alphanumerics behind the sign at `at` a reader takes for an escape of something that is
 * not alphanumeric, so that they are not text to that reader: `\n`, `\u200b`, `%0A`, `&shy;`.
 */
export function escapedAlphanumerics(bytes: Uint8Array, at: number): Escaped {
  const sign = bytes[at];
  if (sign === BACKSLASH) return afterBackslash(bytes, at);
  if (sign === PERCENT || sign === EQUALS) return plain(escapedHex(bytes, at + 1, 2));
  return sign === AMPERSAND ? plain(reference(bytes, at)) : NOTHING;
}

function afterBackslash(bytes: Uint8Array, at: number): Escaped {
  const letter = bytes[at + 1] ?? 0;
  let count = 0;
  if (letter === 0x75) count = plusOne(escapedHex(bytes, at + 2, 4));
  else if (letter === 0x78) count = plusOne(escapedHex(bytes, at + 2, 2));
  else if (CONTROLS.has(letter)) count = 1;
  if (count === 0) return NOTHING;
  let first = at;
  while (first > 0 && bytes[first - 1] === BACKSLASH) first--;
  return { count, isDoubted: (at - first) % 2 === 1 };
}

function plain(count: number): Escaped {
  return count === 0 ? NOTHING : { count, isDoubted: false };
}

function plusOne(count: number): number {
  return count === 0 ? 0 : count + 1;
}

/** `digits` when so many hexadecimal digits stand there for what is not alphanumeric, else 0. */
function escapedHex(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let n = 0; n < digits; n++) {
    const digit = hexDigit(bytes[at + n] ?? 0);
    if (digit < 0) return 0;
    value = value * 16 + digit;
  }
  return value < 256 && isAlphanumeric(value) ? 0 : digits;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function reference(bytes: Uint8Array, at: number): number {
  let count = 0;
  for (let n = at + 1; n < at + MAX_REFERENCE; n++) {
    const byte = bytes[n] ?? 0;
    if (byte === 0x3b) return count;
    if (isAlphanumeric(byte)) count++;
    else if (byte !== 0x23 || n !== at + 1) return 0;
  }
  return 0;
}
