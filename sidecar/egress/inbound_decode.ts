import { pipeline, type Readable, Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { Compression } from "../../policy/dlp/scan.ts";
import { ZstdFrames } from "./inbound_zstd.ts";
import { LIMITS } from "./limits.ts";

/** What came from the network, for each layer's output to be held against. */
interface Received {
  bytes: number;
}

/** @throws {Error} when a layer that has given so many bytes is a bomb. */
function checkExpansion(decoded: number, received: Received): void {
  if (decoded <= LIMITS.expansionFreeBytes) return;
  if (decoded <= received.bytes * LIMITS.expansionRatio) return;
  throw new Error("the response decodes to far more than it is");
}

/**
 * Takes the codings off a body, the last one applied first. What arrives is decoded at once, so a
 * flushed event passes by itself. What breaks off, is damaged or swells beyond measure fails the
 * stream that is given; it never ends like a whole one.
 */
export function decodeBody(body: Readable, codings: readonly Compression[]): Readable {
  const received: Received = { bytes: 0 };
  const intake = meter((bytes) => void (received.bytes = bytes));
  const stages = codings.toReversed().flatMap((coding) => stagesOf(coding, received));
  const output = meter((bytes) => checkExpansion(bytes, received));
  // An error on any of them destroys them all. Whoever reads the last one sees it there, though
  // maybe only later.
  output.on("error", () => {});
  pipeline([body, intake, ...stages, output], () => {});
  return output;
}

/** Passes everything on and tells how much that is by now. */
function meter(onTotal: (bytes: number) => void): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done): void {
      total += chunk.length;
      attempt(done, () => {
        onTotal(total);
        this.push(chunk);
      });
    },
  });
}

interface Decoder extends Transform {
  /** Of the input, those that were used; what follows the end of the coded body never is. */
  readonly bytesWritten: number;
}

function makeDecoder(coding: Compression): Decoder {
  const chunkSize = LIMITS.decodeChunkBytes;
  switch (coding) {
    case "gzip":
      return zlib.createGunzip({ chunkSize }) as unknown as Decoder;
    case "deflate":
      return zlib.createInflateRaw({ chunkSize }) as unknown as Decoder;
    case "br":
      return zlib.createBrotliDecompress({ chunkSize }) as unknown as Decoder;
    case "zstd":
      return makeZstd(chunkSize);
  }
}

function makeZstd(chunkSize: number): Decoder {
  // Functions of Node 22 that the types do not have yet.
  const { createZstdDecompress, constants } = zlib as unknown as {
    createZstdDecompress(options: { chunkSize: number; params: Record<number, number> }): Decoder;
    constants: { readonly ZSTD_d_windowLogMax: number };
  };
  const params = { [constants.ZSTD_d_windowLogMax]: LIMITS.zstdWindowLog };
  return createZstdDecompress({ chunkSize, params });
}

/** Coded forms of nothing: a body without a byte is an empty one, not one that broke off. */
const EMPTY: Readonly<Record<Compression, Uint8Array>> = {
  gzip: Uint8Array.of(31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  deflate: Uint8Array.of(3, 0),
  br: Uint8Array.of(0x3b),
  zstd: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0),
};

/** What an ended brotli body leaves alone and one that broke off takes for its next byte. */
const PROBE = Uint8Array.of(0xff);

function stagesOf(coding: Compression, received: Received): Transform[] {
  const decoder = makeDecoder(coding);
  const frames = coding === "zstd" ? new ZstdFrames() : undefined;
  const header = coding === "deflate" ? new ZlibHeader() : undefined;
  let total = 0;
  const before = new Transform({
    transform(chunk: Uint8Array, _encoding, done): void {
      total += chunk.length;
      attempt(done, () => {
        checkExpansion(total, received);
        const pieces = frames?.push(chunk) ?? [header?.strip(chunk) ?? chunk];
        for (const piece of pieces) if (piece.length > 0) this.push(piece);
      });
    },
    flush(done): void {
      attempt(done, () => {
        if (total === 0) return void this.push(EMPTY[coding]);
        if (frames?.isWhole === false) throw new Error(BROKEN_OFF);
        const rest = header?.end() ?? EMPTY_BYTES;
        if (rest.length > 0) this.push(rest);
        if (coding === "br") this.push(PROBE);
      });
    },
  });
  if (coding !== "br") return [before, decoder];
  const after = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => done(null, chunk),
    flush: (done) => {
      const isWhole = total === 0 || decoder.bytesWritten <= total;
      done(isWhole ? null : new Error(BROKEN_OFF));
    },
  });
  return [before, decoder, after];
}

const BROKEN_OFF = "the response broke off inside of its coding";
const EMPTY_BYTES = new Uint8Array(0);

function attempt(done: (error?: Error | null) => void, action: () => void): void {
  try {
    action();
  } catch (error) {
    return done(error instanceof Error ? error : new Error(String(error)));
  }
  done();
}

/**
 * "deflate" is the zlib format by the standard (RFC 9110, section 8.4.1.2) and bare deflate by a
 * widespread error; taken apart here so that one decoder reads both.
 */
class ZlibHeader {
  #start: Uint8Array | undefined = EMPTY_BYTES;

  /** @throws {Error} when a dictionary is asked for that nobody has. */
  strip(chunk: Uint8Array): Uint8Array {
    if (this.#start === undefined) return chunk;
    const all = Buffer.concat([this.#start, chunk]);
    const [method, flags] = all;
    if (method === undefined || flags === undefined) {
      this.#start = all;
      return EMPTY_BYTES;
    }
    this.#start = undefined;
    const isZlib = (method & 15) === 8 && (method * 256 + flags) % 31 === 0;
    if (isZlib && (flags & 32) !== 0) throw new Error("the response is coded with a dictionary");
    return isZlib ? all.subarray(2) : all;
  }

  /** What is left when the body ends before the header does. */
  end(): Uint8Array {
    return this.#start ?? EMPTY_BYTES;
  }
}
