import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { Compression } from "../../policy/dlp/scan.ts";

/** Functions of Node 22 that the types do not have yet. */
const { createZstdCompress, zstdCompressSync } = zlib as unknown as {
  createZstdCompress(): Transform;
  zstdCompressSync(bytes: Uint8Array): Uint8Array;
};

const ENCODERS: Readonly<Record<Compression, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) =>
    zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd: (bytes) => zstdCompressSync(bytes),
};

/** A body as an origin codes it. */
export function encode(bytes: Uint8Array, coding: Compression): Uint8Array {
  return Uint8Array.from(ENCODERS[coding](bytes));
}

/** Codes a stream of events and gives each one's bytes at once, as origins do. */
export interface FlushingEncoder {
  flush(text: string): Promise<Uint8Array>;
  end(): Promise<Uint8Array>;
}

/** ZSTD_e_flush. */
const ZSTD_FLUSH = 1;

/** Makes an encoder for one stream. */
export function flushingEncoder(coding: Compression): FlushingEncoder {
  const [stream, kind] = makeStream(coding);
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  const take = (): Uint8Array => Buffer.concat(chunks.splice(0));
  return {
    flush: (text) => {
      stream.write(text);
      return new Promise((resolve) => stream.flush(kind, () => resolve(take())));
    },
    end: () =>
      new Promise((resolve) => {
        stream.once("end", () => resolve(take()));
        stream.end();
      }),
  };
}

interface Flushing extends Transform {
  flush(kind: number, done: () => void): void;
}

function makeStream(coding: Compression): [Flushing, number] {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  switch (coding) {
    case "gzip":
      return [zlib.createGzip() as unknown as Flushing, Z_SYNC_FLUSH];
    case "deflate":
      return [zlib.createDeflate() as unknown as Flushing, Z_SYNC_FLUSH];
    case "br":
      return [zlib.createBrotliCompress() as unknown as Flushing, BROTLI_OPERATION_FLUSH];
    case "zstd":
      return [createZstdCompress() as Flushing, ZSTD_FLUSH];
  }
}
