import { ESCAPE_LEAD, type EscapeReader, readEscape } from "./escape.ts";
import type { ViewPart } from "./fold.ts";

/**
 * The text with its escapes undone once, as UTF-8; what is no whole escape stays as it is.
 *
 * @param out has room for as many bytes as the part has
 * @returns where in `out` the view ends
 */
export function unescape(
  bytes: Uint8Array,
  out: Uint8Array,
  { start, end, at: first, map, kinds }: ViewPart & { readonly kinds: number },
): number {
  const escape: EscapeReader = { width: 0, value: 0, isByte: false };
  let written = first;
  let at = start;
  while (at < end) {
    const byte = bytes[at] as number;
    const isEscape = ((ESCAPE_LEAD[byte] as number) & kinds) !== 0 &&
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
  if (map) map[written] = end;
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
