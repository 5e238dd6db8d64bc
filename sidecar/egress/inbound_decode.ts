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
 * stream that is given; it never ends like a whole one, nor before the body does.
 */
export function decodeBody(body: Readable, codings: readonly Compression[]): Readable {
  const received: Received = { bytes: 0 };
  const intake = meter((bytes) => void (received.bytes = bytes));
  const stages = codings.toReversed().map((coding) => new DecodeStage(coding, received));
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
      try {
        onTotal(total);
      } catch (error) {
        return done(error as Error);
      }
      done(null, chunk);
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

/** What an ended brotli body leaves alone and one that broke off takes for its next byte. */
const PROBE = Uint8Array.of(0xff);
const EMPTY = new Uint8Array(0);

type Done = (error?: Error | null) => void;

/** Takes one coding off. What follows the end of the coded body is dropped. */
class DecodeStage extends Transform {
  readonly #coding: Compression;
  readonly #received: Received;
  readonly #decoder: Decoder;
  readonly #frames: ZstdFrames | undefined;
  readonly #header: ZlibHeader | undefined;
  #total = 0;
  #hasEnded = false;
  #isProbing = false;
  /** What waits for the decoder to be done with what it was given. */
  #next: (() => void) | undefined;

  constructor(coding: Compression, received: Received) {
    super();
    this.#coding = coding;
    this.#received = received;
    this.#frames = coding === "zstd" ? new ZstdFrames() : undefined;
    this.#header = coding === "deflate" ? new ZlibHeader() : undefined;
    this.#decoder = makeDecoder(coding);
    this.#decoder.on("data", (chunk: Uint8Array) => {
      if (!this.#isProbing && !this.push(chunk)) this.#decoder.pause();
    });
    // In Deno 2.9.6 it comes before the body's end where more follows, and then no write is
    // ever done.
    this.#decoder.once("end", () => {
      this.#hasEnded = true;
      this.#goOn();
    });
    this.#decoder.on("error", (error) => this.destroy(error));
  }

  override _read(size: number): void {
    this.#decoder.resume();
    super._read(size);
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    let pieces: readonly Uint8Array[];
    try {
      this.#total += chunk.length;
      checkExpansion(this.#total, this.#received);
      pieces = this.#frames?.push(chunk) ?? [this.#header?.strip(chunk) ?? chunk];
    } catch (error) {
      return done(error as Error);
    }
    this.#decode(pieces, done);
  }

  override _flush(done: Done): void {
    // A body without a byte is an empty one, not one that broke off.
    if (this.#total === 0) return done();
    if (this.#frames?.isWhole === false) return done(brokenOff());
    this.#decode([this.#header?.end() ?? EMPTY], () => {
      if (this.#hasEnded) return done();
      if (this.#coding === "br") return this.#probe(done);
      this.#next = done;
      this.#decoder.end();
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#decoder.destroy();
    done(error);
  }

  #decode(pieces: readonly Uint8Array[], done: Done): void {
    const [piece, ...rest] = pieces;
    if (piece === undefined || this.#hasEnded) return done();
    if (piece.length === 0) return this.#decode(rest, done);
    this.#next = () => this.#decode(rest, done);
    this.#decoder.write(piece, () => this.#goOn());
  }

  /** In Deno 2.9.6 the decoder takes a brotli body that breaks off for a whole one. */
  #probe(done: Done): void {
    this.#isProbing = true;
    this.#next = () => {
      const isWhole = this.#hasEnded || this.#decoder.bytesWritten <= this.#total;
      done(isWhole ? null : brokenOff());
    };
    this.#decoder.write(PROBE, () => this.#goOn());
  }

  #goOn(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }
}

function brokenOff(): Error {
  return new Error("the response broke off inside of its coding");
}

/**
 * "deflate" is the zlib format by the standard (RFC 9110, section 8.4.1.2) and bare deflate by a
 * widespread error; taken apart here so that one decoder reads both.
 */
class ZlibHeader {
  #start: Uint8Array | undefined = EMPTY;

  /** @throws {Error} when a dictionary is asked for that nobody has. */
  strip(chunk: Uint8Array): Uint8Array {
    if (this.#start === undefined) return chunk;
    const all = Buffer.concat([this.#start, chunk]);
    const [method, flags] = all;
    if (method === undefined || flags === undefined) {
      this.#start = all;
      return EMPTY;
    }
    this.#start = undefined;
    const isZlib = (method & 15) === 8 && (method * 256 + flags) % 31 === 0;
    if (isZlib && (flags & 32) !== 0) throw new Error("the response is coded with a dictionary");
    return isZlib ? all.subarray(2) : all;
  }

  /** What is left when the body ends before the header does. */
  end(): Uint8Array {
    return this.#start ?? EMPTY;
  }
}
