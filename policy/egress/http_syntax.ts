const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The longest method or field name that is accepted, in characters. */
const MAX_TOKEN_LENGTH = 256;

/** Is this a token (RFC 9110, section 5.6.2): a method, a field name? */
export function isToken(text: string): boolean {
  return text.length <= MAX_TOKEN_LENGTH && TOKEN.test(text);
}

/**
 * Can this be a field's value (RFC 9110, section 5.5), one character for each byte? Line breaks,
 * NUL and other controls than the tab are what splits a message in two.
 */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}
