import { DROPPED, EXPANSION, type FoldTable, FOREIGN } from "./fold_table.ts";

/** Bytes that a fold of `length` bytes needs at most: two bytes may fold to three characters. */
export function foldedLength(length: number): number {
  return length * 2 + 4;
}

/** What stands for a character that no ASCII character looks like: no part of any secret. */
const PLACEHOLDER = 0x20;

/** Which part of a text becomes a view, and where it is written to. */
export interface ViewPart {
  readonly start: number;
  readonly end: number;
  /** Where in `out` its first byte is written. */
  readonly at: number;
  /** If given, gets for each byte written the offset of what it came from, and the part's end. */
  readonly map?: Uint32Array;
}

/**
 * The text as a person reads it, in ASCII: UTF-8 with compatibility forms decomposed, lookalikes
 * folded, marks and invisible characters dropped. Bytes that are not UTF-8 become a space each, NUL
 * is dropped, so that UTF-16 of either byte order comes out as well. One pass; the table is all
 * that it remembers.
 *
 * @param out has room for {@linkcode foldedLength} bytes from `part.at` on
 * @returns where in `out` the view ends
 */
export function fold(
  bytes: Uint8Array,
  out: Uint8Array,
  { start, end, at: first, map, table }: ViewPart & { readonly table: FoldTable },
): number {
  let written = first;
  let at = start;
  while (at < end) {
    const from = written;
    const byte = bytes[at] as number;
    let width = 1;
    if (byte < 0x80) {
      out[written] = byte;
      written += byte === 0 ? 0 : 1;
    } else {
      width = sequenceWidth(bytes, at);
      const folded = width === 0 ? FOREIGN : table.of(codePointAt(bytes, at, width));
      if (folded === FOREIGN) out[written++] = PLACEHOLDER;
      else if (folded >= EXPANSION) {
        for (const character of table.expansion(folded)) out[written++] = character;
      } else if (folded !== DROPPED) out[written++] = folded;
      width ||= 1;
    }
    if (map) map.fill(at, from, written);
    at += width;
  }
  if (map) map[written] = end;
  return written;
}

/** Bytes of the UTF-8 sequence that begins here, overlong ones included; 0 when there is none. */
export function sequenceWidth(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0xc0 || lead >= 0xf8 || ((bytes[at + 1] ?? 0) & 0xc0) !== 0x80) return 0;
  if (lead < 0xe0) return 2;
  if (((bytes[at + 2] ?? 0) & 0xc0) !== 0x80) return 0;
  if (lead < 0xf0) return 3;
  return ((bytes[at + 3] ?? 0) & 0xc0) === 0x80 ? 4 : 0;
}

/** The code point of the sequence that begins here, of the width that it has. */
export function codePointAt(bytes: Uint8Array, at: number, width: number): number {
  const second = (bytes[at + 1] as number) & 0x3f;
  const lead = bytes[at] as number;
  if (width === 2) return (lead & 0x1f) << 6 | second;
  const third = (bytes[at + 2] as number) & 0x3f;
  if (width === 3) return (lead & 0x0f) << 12 | second << 6 | third;
  return (lead & 0x07) << 18 | second << 12 | third << 6 | ((bytes[at + 3] as number) & 0x3f);
}
