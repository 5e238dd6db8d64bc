import { Buffer } from "node:buffer";
import * as zlib from "node:zlib";
import type { Compression, Inflate } from "../../policy/dlp/scan.ts";

type Decode = (bytes: Uint8Array, maxBytes: number) => Uint8Array;

// Functions of Node 22 that the types do not have yet.
const { zstdDecompressSync } = zlib as unknown as {
  zstdDecompressSync(bytes: Uint8Array, options: object): Uint8Array;
};

/** A cut-off input gives what it holds, and what follows the end is passed over. */
const DECODE: Readonly<Record<Compression, Decode>> = {
  gzip: (bytes, maxOutputLength) => {
    const header = gzipHeaderLength(bytes);
    if (header === undefined) throw new TypeError("no gzip");
    return raw(bytes.subarray(header), maxOutputLength);
  },
  deflate: (bytes, maxOutputLength) => {
    const [method = 0, flags = 0] = bytes;
    const isZlib = (method & 15) === 8 && (method * 256 + flags) % 31 === 0;
    return raw(isZlib ? bytes.subarray(2) : bytes, maxOutputLength);
  },
  br: (bytes, maxOutputLength) =>
    zlib.brotliDecompressSync(bytes, {
      maxOutputLength,
      finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
    }),
  zstd: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
};

function raw(bytes: Uint8Array, maxOutputLength: number): Uint8Array {
  const { Z_SYNC_FLUSH } = zlib.constants;
  return zlib.inflateRawSync(bytes, { maxOutputLength, finishFlush: Z_SYNC_FLUSH });
}

/** How often a damaged input is cut in search of the part before the damage. */
const CUTS = 10;

/**
 * Decompresses for the scan. Damage does not hide what stands before it: a reader that is not
 * strict gets that far as well, so a shorter part of the input is decoded then.
 */
export function inflate(
  format: Compression,
  bytes: Uint8Array,
  maxBytes: number,
): ReturnType<Inflate> {
  const whole = attempt(format, bytes, maxBytes);
  if (whole !== undefined) return whole;
  let found: Uint8Array | "too-large" | undefined;
  let [good, bad] = [0, bytes.length];
  for (let cut = 0; cut < CUTS && bad - good > 1; cut++) {
    const middle = (good + bad) >>> 1;
    const part = attempt(format, bytes.subarray(0, middle), maxBytes);
    if (part === undefined) bad = middle;
    else [good, found] = [middle, part];
  }
  return found === undefined || found.length === 0 ? undefined : found;
}

function attempt(
  format: Compression,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array | "too-large" | undefined {
  try {
    return DECODE[format](bytes, Math.max(1, maxBytes));
  } catch (error) {
    return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : undefined;
  }
}

/** Length of a gzip member's header (RFC 1952, section 2.3); undefined when there is none. */
function gzipHeaderLength(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) return undefined;
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  // The name and the comment, each ended by a zero byte.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at <= bytes.length ? at : undefined;
}
