import { ESCAPE_LEAD, type EscapeReader, readEscape } from "./escape.ts";

/** What {@linkcode unescape} is to do. */
export interface Unescaping {
  /** Which of the escapes to undo, as a set of bits. */
  readonly kinds: number;
  /** If given, gets for each byte written the offset of what it came from, and the end's. */
  readonly map?: Uint32Array;
}

/**
 * The text with its escapes undone once, as UTF-8; what is no whole escape stays as it is.
 *
 * @param out has at least as many bytes as `bytes`
 * @returns the number of bytes written
 */
export function unescape(bytes: Uint8Array, out: Uint8Array, options: Unescaping): number {
  const { kinds, map } = options;
  const escape: EscapeReader = { width: 0, value: 0, isByte: false };
  const length = bytes.length;
  let written = 0;
  let at = 0;
  while (at < length) {
    const byte = bytes[at] ?? 0;
    const isEscape = ((ESCAPE_LEAD[byte] ?? 0) & kinds) !== 0 &&
      readEscape(bytes, at, { kinds, into: escape });
    if (!isEscape) {
      if (map) map[written] = at;
      out[written++] = byte;
      at++;
      continue;
    }
    const from = written;
    if (escape.isByte) out[written++] = escape.value;
    else if (escape.value >= 0) written = writeUtf8(out, written, escape.value);
    if (map) map.fill(at, from, written);
    at += escape.width;
  }
  if (map) map[written] = length;
  return written;
}

/** Writes a code point; a lone surrogate is written as three bytes, which are no UTF-8. */
function writeUtf8(out: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    out[at] = point;
    return at + 1;
  }
  if (point < 0x800) {
    out[at] = 0xc0 | point >> 6;
    out[at + 1] = 0x80 | point & 0x3f;
    return at + 2;
  }
  if (point < 0x10000) {
    out[at] = 0xe0 | point >> 12;
    out[at + 1] = 0x80 | point >> 6 & 0x3f;
    out[at + 2] = 0x80 | point & 0x3f;
    return at + 3;
  }
  out[at] = 0xf0 | point >> 18;
  out[at + 1] = 0x80 | point >> 12 & 0x3f;
  out[at + 2] = 0x80 | point >> 6 & 0x3f;
  out[at + 3] = 0x80 | point & 0x3f;
  return at + 4;
}
