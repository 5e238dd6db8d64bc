import { Buffer } from "node:buffer";
import * as zlib from "node:zlib";
import type { Compression } from "../../policy/dlp/scan.ts";
import { ZstdFrames } from "./inbound_zstd.ts";
import { LIMITS } from "./limits.ts";

/** A body that is not in the coding that it claims, or that swells beyond measure. */
export class CodingError extends Error {
  override readonly name = "CodingError";
}

/** The part of `node:zlib`'s streams that is used here. */
interface Decoder {
  /** Of the input, those bytes that were used. */
  readonly bytesWritten: number;
  /** In Deno 2.9.6 a write that failed calls back like one that did not. */
  readonly errored: Error | null;
  write(chunk: Uint8Array, done: (error?: Error | null) => void): void;
  end(): void;
  destroy(): void;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "error", listener: () => void): unknown;
}

/** What one piece of a body may still decode to. */
class Budget {
  #left: number = LIMITS.decodedPieceBytes;

  /** @throws {CodingError} when that is more. */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new CodingError("it decodes to far more than it is");
  }
}

/** What an ended brotli body leaves alone and one that broke off takes for its next byte. */
const PROBE = Uint8Array.of(0xff);

/** One coding. Every byte that goes in has come out, as far as it can, when a call is done. */
class Stage {
  readonly #coding: Compression;
  readonly #frames: ZstdFrames | undefined;
  #decoder: Decoder | undefined;
  #output: Uint8Array[] = [];
  #budget = new Budget();
  #fault: unknown;
  /** What the decoder says next: that it took the input, that it has ended, or that it failed. */
  #next = Promise.withResolvers<"taken" | "ended" | "failed">();
  #total = 0;

  constructor(coding: Compression) {
    this.#coding = coding;
    this.#frames = coding === "zstd" ? new ZstdFrames() : undefined;
  }

  /** Bytes at the end of what came of which nothing has come out yet. */
  get openBytes(): number {
    return this.#frames?.openBytes ?? 0;
  }

  async push(chunk: Uint8Array, budget: Budget): Promise<Uint8Array[]> {
    this.#budget = budget;
    this.#total += chunk.length;
    this.#checkFrames(chunk);
    let rest = chunk;
    while (rest.length > 0) {
      const isFresh = this.#decoder === undefined;
      const decoder = this.#decoder ??= this.#start(rest);
      const before = decoder.bytesWritten;
      if (await this.#write(decoder, rest) === "taken") break;
      const used = decoder.bytesWritten - before;
      rest = rest.subarray(used);
      // A zstd body is a row of frames, and the decoder takes one.
      const isNext = this.#coding === "zstd" && !(isFresh && used === 0);
      if (rest.length > 0 && !isNext) throw new CodingError("something follows its end");
      this.#decoder = undefined;
    }
    return this.#taken();
  }

  async end(): Promise<Uint8Array[]> {
    const decoder = this.#decoder;
    const isOpen = this.#frames?.isWhole === false;
    if (isOpen || (this.#coding === "br" && await this.#isCutBrotli())) {
      throw new CodingError("it breaks off");
    }
    if (decoder === undefined || this.#coding === "br") return this.#taken();
    this.#next = Promise.withResolvers();
    decoder.end();
    if (await this.#next.promise === "failed") throw this.#failure();
    return this.#taken();
  }

  destroy(): void {
    this.#decoder?.destroy();
  }

  #start(head: Uint8Array): Decoder {
    const decoder = makeDecoder(this.#coding, head);
    decoder.on("data", (chunk) => {
      try {
        this.#budget.take(chunk.length);
        this.#output.push(chunk);
      } catch (error) {
        this.#fault ??= error;
        decoder.destroy();
        this.#next.resolve("failed");
      }
    });
    decoder.on("end", () => this.#next.resolve("ended"));
    decoder.on("error", () => this.#next.resolve("failed"));
    return decoder;
  }

  async #write(decoder: Decoder, chunk: Uint8Array): Promise<"taken" | "ended"> {
    const next = Promise.withResolvers<"taken" | "ended" | "failed">();
    this.#next = next;
    decoder.write(chunk, (error) => next.resolve(error ? "failed" : "taken"));
    const said = await next.promise;
    const isSound = decoder.errored === null && this.#fault === undefined;
    if (said === "failed" || !isSound) throw this.#failure();
    return said;
  }

  async #isCutBrotli(): Promise<boolean> {
    const decoder = this.#decoder;
    if (decoder === undefined) return false;
    await this.#write(decoder, PROBE);
    return decoder.bytesWritten > this.#total;
  }

  #checkFrames(chunk: Uint8Array): void {
    try {
      this.#frames?.push(chunk);
    } catch {
      throw this.#failure();
    }
  }

  #failure(): unknown {
    return this.#fault ?? new CodingError(`it is no whole ${this.#coding}`);
  }

  #taken(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }
}

function makeDecoder(coding: Compression, head: Uint8Array): Decoder {
  switch (coding) {
    case "gzip":
      return zlib.createGunzip() as unknown as Decoder;
    case "deflate":
      // "deflate" is the zlib format (RFC 9110, 8.4.1.2), but some send the bare one.
      return (isZlib(head) ? zlib.createInflate() : zlib.createInflateRaw()) as unknown as Decoder;
    case "br":
      return zlib.createBrotliDecompress() as unknown as Decoder;
    case "zstd":
      return makeZstd();
  }
}

function isZlib([method = 0, flags]: Uint8Array): boolean {
  return (method & 15) === 8 && (flags === undefined || (method * 256 + flags) % 31 === 0);
}

function makeZstd(): Decoder {
  // Functions of Node 22 that the types do not have yet.
  const { createZstdDecompress, constants } = zlib as unknown as {
    createZstdDecompress(options: { params: Record<number, number> }): Decoder;
    constants: { readonly ZSTD_d_windowLogMax: number };
  };
  return createZstdDecompress({
    params: { [constants.ZSTD_d_windowLogMax]: LIMITS.zstdWindowLog },
  });
}

/**
 * Takes the codings off a request's body piece by piece, so that it is known what each piece of it
 * decodes to. What is damaged, cut off, followed by something else or swells beyond measure fails.
 */
export class DecodeChain {
  readonly #stages: readonly Stage[];

  /** Takes the codings in the order in which they were applied. */
  constructor(codings: readonly Compression[]) {
    this.#stages = codings.toReversed().map((coding) => new Stage(coding));
  }

  /** Gives all that a piece of at most {@linkcode LIMITS.codedPieceBytes} decodes to. */
  async push(piece: Uint8Array): Promise<Uint8Array> {
    return Buffer.concat(await this.#pass([piece], 0, new Budget()));
  }

  /** Bytes at the end of what came of which it is not known yet what they decode to. */
  get openBytes(): number {
    const [outermost, ...others] = this.#stages;
    return others.some(({ openBytes }) => openBytes > 0) ? Infinity : outermost?.openBytes ?? 0;
  }

  /** Gives what was still to come. */
  async end(): Promise<Uint8Array> {
    const budget = new Budget();
    const output: Uint8Array[] = [];
    for (const [index, stage] of this.#stages.entries()) {
      output.push(...await this.#pass(await stage.end(), index + 1, budget));
    }
    return Buffer.concat(output);
  }

  /** Lets go of what the decoders hold. */
  destroy(): void {
    for (const stage of this.#stages) stage.destroy();
  }

  async #pass(chunks: Uint8Array[], from: number, budget: Budget): Promise<Uint8Array[]> {
    let current = chunks;
    for (const stage of this.#stages.slice(from)) {
      const output: Uint8Array[] = [];
      for (const chunk of current) output.push(...await stage.push(chunk, budget));
      current = output;
    }
    return current;
  }
}
