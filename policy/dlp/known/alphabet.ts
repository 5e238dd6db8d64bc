/** How many codes there are: none, 26 letters without case, 10 digits. */
const LETTERS = 26;
const DIGITS = 10;

/** Set in the code of each alphanumeric, so that a shift tells whether a byte is one. */
export const ALPHANUMERIC_BIT = 6;
const ALPHANUMERIC = 1 << ALPHANUMERIC_BIT;

/** The code of a byte that may begin an escape: no alphanumeric, and seen by one comparison. */
export const MAY_ESCAPE = 128;

/**
 * What each byte counts as when a text is reduced to its alphanumerics: one code for a letter of
 * either case or a digit, 0 for all else, and {@linkcode MAY_ESCAPE} for what may begin an escape
 * sequence.
 */
export const CODE_OF: Uint8Array = buildCodes();

function buildCodes(): Uint8Array {
  const codes = new Uint8Array(256);
  for (let n = 0; n < LETTERS; n++) codes[0x41 + n] = codes[0x61 + n] = ALPHANUMERIC + n + 1;
  for (let n = 0; n < DIGITS; n++) codes[0x30 + n] = ALPHANUMERIC + LETTERS + n + 1;
  for (const sign of "\\%") codes[sign.charCodeAt(0)] = MAY_ESCAPE;
  return codes;
}

/** The code of an alphanumeric, 0 of any other byte. */
export function codeOf(byte: number): number {
  const code = CODE_OF[byte] as number;
  return code === MAY_ESCAPE ? 0 : code;
}

/** Is that byte an ASCII letter or digit? */
export function isAlphanumeric(byte: number): boolean {
  return codeOf(byte) !== 0;
}
