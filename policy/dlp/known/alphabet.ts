/** How many codes there are: none, 26 letters without case, 10 digits. */
const LETTERS = 26;
const DIGITS = 10;

/** Set on a byte that may begin an escape, so that one comparison in the loop sees it. */
export const MAY_ESCAPE = 64;

/**
 * What each byte counts as when a text is reduced to its alphanumerics: 1 to 26 for a letter of
 * either case, 27 to 36 for a digit, 0 for all else, and {@linkcode MAY_ESCAPE} for what may begin
 * an escape sequence.
 */
export const CODE_OF: Uint8Array = buildCodes();

/** The lower-case letter or digit of each code; index 0 is not used. */
export const ALPHABET = " abcdefghijklmnopqrstuvwxyz0123456789";

function buildCodes(): Uint8Array {
  const codes = new Uint8Array(256);
  for (let n = 0; n < LETTERS; n++) codes[0x41 + n] = codes[0x61 + n] = n + 1;
  for (let n = 0; n < DIGITS; n++) codes[0x30 + n] = LETTERS + n + 1;
  for (const sign of "\\%=&") codes[sign.charCodeAt(0)] = MAY_ESCAPE;
  return codes;
}

/** The code of an alphanumeric, 0 of any other byte. */
export function codeOf(byte: number): number {
  const code = CODE_OF[byte] as number;
  return code < MAY_ESCAPE ? code : 0;
}

/** Is that byte an ASCII letter or digit? */
export function isAlphanumeric(byte: number): boolean {
  return codeOf(byte) !== 0;
}
