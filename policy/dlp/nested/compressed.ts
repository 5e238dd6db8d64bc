import type { Compression } from "../scan.ts";

/** Where compressed bytes begin. */
export interface Compressed {
  readonly at: number;
  readonly format: Compression;
}

/**
 * The first compressed stream from `from` on, by its magic number: gzip (RFC 1952) and Zstandard
 * (RFC 8878) anywhere, zlib (RFC 1950), whose two bytes say little, at the beginning only.
 */
export function nextCompressed(bytes: Uint8Array, from: number): Compressed | undefined {
  if (from === 0 && isZlib(bytes)) return { at: 0, format: "deflate" };
  const gzip = nextGzip(bytes, from);
  const zstd = nextZstd(gzip < 0 ? bytes : bytes.subarray(0, gzip), from);
  if (zstd >= 0) return { at: zstd, format: "zstd" };
  return gzip < 0 ? undefined : { at: gzip, format: "gzip" };
}

const ZSTD = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);

/** Looks for the last byte of the magic number, which no text has. */
function nextZstd(bytes: Uint8Array, from: number): number {
  const last = ZSTD.length - 1;
  for (let at = bytes.indexOf(0xfd, from + last); at >= 0; at = bytes.indexOf(0xfd, at + 1)) {
    if (ZSTD.every((byte, n) => bytes[at - last + n] === byte)) return at - last;
  }
  return -1;
}

function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return bytes.length > 8 && (method & 0x8f) === 0x08 && (method << 8 | flags) % 31 === 0 &&
    (flags & 0x20) === 0 && (bytes[2] ?? 0) !== 0x20;
}

function nextGzip(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x1f, from); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (bytes[at + 1] === 0x8b && bytes[at + 2] === 0x08 && mayBeDeflate(bytes, at)) return at;
  }
  return -1;
}

/** Bytes of a gzip header without optional fields. */
const GZIP_HEADER = 10;

/** Are the reserved flags 0, and the first block of a type that there is (RFC 1951, 3.2.3)? */
function mayBeDeflate(bytes: Uint8Array, at: number): boolean {
  const flags = bytes[at + 3] ?? 0;
  if (flags !== 0) return (flags & 0xe0) === 0;
  return ((bytes[at + GZIP_HEADER] ?? 0) >> 1 & 3) !== 3;
}
