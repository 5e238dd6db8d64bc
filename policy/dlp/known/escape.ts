import { isAlphanumeric } from "./alphabet.ts";

/** Set in an escape's length when its backslash may be plain text: it stands behind another. */
export const DOUBTED = 0x100;

const [BACKSLASH, PERCENT, LETTER_U, LETTER_X] = [0x5c, 0x25, 0x75, 0x78];
/** 1 for a letter that stands for a control character behind a backslash, in JSON, C or a shell. */
const IS_CONTROL = new Uint8Array(256);
for (const letter of "abefnrtv0") IS_CONTROL[letter.charCodeAt(0)] = 1;

/** 0 for a byte that does not follow the sign of an escape of which alphanumerics are part. */
export const MAY_FOLLOW: Uint8Array = new Uint8Array(256);
for (const letter of "abefnrtvux0123456789ABCDEFcd") MAY_FOLLOW[letter.charCodeAt(0)] = 1;

/**
 * How many alphanumerics behind the sign at `at` a reader takes for an escape of something that is
 * not alphanumeric, so that they are not text to that reader: `\n`, `\u200b`, `%0A`. 0 when none;
 * with {@linkcode DOUBTED} when another reader sees no escape there.
 */
export function escapeLength(bytes: Uint8Array, at: number): number {
  if (bytes[at] === PERCENT) return escapedHex(bytes, at + 1, 2);
  if (bytes[at] !== BACKSLASH) return 0;
  const letter = bytes[at + 1] ?? 0;
  let count = 0;
  if (letter === LETTER_U) count = plusOne(escapedHex(bytes, at + 2, 4));
  else if (letter === LETTER_X) count = plusOne(escapedHex(bytes, at + 2, 2));
  else count = IS_CONTROL[letter] as number;
  if (count === 0 || bytes[at - 1] !== BACKSLASH) return count;
  let first = at;
  while (first > 0 && bytes[first - 1] === BACKSLASH) first--;
  return (at - first) % 2 === 1 ? count | DOUBTED : count;
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
