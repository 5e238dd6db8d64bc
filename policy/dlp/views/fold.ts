import { DROPPED, EXPANSION, type FoldTable, FOREIGN } from "./fold_table.ts";

/** Bytes that a fold of `length` bytes needs at most: two bytes may fold to three characters. */
export function foldedLength(length: number): number {
  return length * 2 + 4;
}

/** What stands for a character that no ASCII character looks like: no part of any secret. */
const PLACEHOLDER = 0x20;

/** How a text is folded. */
export interface Folding {
  readonly table: FoldTable;
  /** If given, gets for each byte written the offset of the character it came from, and the end. */
  readonly map?: Uint32Array;
}

/**
 * The text as a person reads it, in ASCII: UTF-8 with compatibility forms decomposed, lookalikes
 * folded, marks and invisible characters dropped. Bytes that are not UTF-8 become a space each, NUL
 * is dropped, so that UTF-16 of either byte order comes out as well. One pass; the table is all
 * that it remembers.
 *
 * @param out has at least {@linkcode foldedLength} bytes
 * @returns the number of bytes written
 */
export function fold(bytes: Uint8Array, out: Uint8Array, { table, map }: Folding): number {
  const length = bytes.length;
  let written = 0;
  let at = 0;
  while (at < length) {
    const from = written;
    const byte = bytes[at] as number;
    let width = 1;
    if (byte < 0x80) {
      if (byte !== 0) out[written++] = byte;
    } else {
      width = sequenceWidth(bytes, at);
      const folded = width === 0 ? FOREIGN : table.of(codePointAt(bytes, at, width));
      if (folded === FOREIGN) out[written++] = PLACEHOLDER;
      else if (folded >= EXPANSION) {
        const expansion = table.expansion(folded);
        out.set(expansion, written);
        written += expansion.length;
      } else if (folded !== DROPPED) out[written++] = folded;
      width ||= 1;
    }
    if (map) map.fill(at, from, written);
    at += width;
  }
  if (map) map[written] = length;
  return written;
}

/** Bytes of the UTF-8 sequence that begins here, overlong ones included; 0 when there is none. */
export function sequenceWidth(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const width = lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
  for (let n = 1; n < width; n++) {
    if (((bytes[at + n] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return width;
}

/** The code point of the sequence that begins here, of the width that it has. */
export function codePointAt(bytes: Uint8Array, at: number, width: number): number {
  let point = (bytes[at] ?? 0) & (0xff >> (width + 1));
  for (let n = 1; n < width; n++) point = point << 6 | ((bytes[at + n] ?? 0) & 0x3f);
  return point;
}
