import { Buffer } from "node:buffer";
import { createInflateRaw, type InflateRaw } from "node:zlib";
import { LIMITS } from "../limits.ts";
import { WebSocketFault } from "./fault.ts";

/** What a sender leaves off the end of each message (RFC 7692, section 7.2.1). */
const TRAILER = Uint8Array.of(0, 0, 0xff, 0xff);
/** Compressed bytes that are decoded at a time, so that no bomb fills memory before it is seen. */
const STEP_BYTES = 8 * 1024;

/**
 * Decodes the compressed messages of one direction. The context is kept from message to message,
 * which also reads a sender that begins each one anew.
 */
export class MessageInflater {
  #stream: InflateRaw | undefined;
  /** Of the stream in use. */
  #fed = 0;
  readonly #chunks: Uint8Array[] = [];
  /** Of the message under way. */
  #received = 0;
  #decoded = 0;

  /**
   * Decodes the next part of a message, in pieces of bounded length.
   * @throws {WebSocketFault} when it is damaged or swells beyond measure.
   */
  async *push(part: Uint8Array, isFinal: boolean): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < part.length; at += STEP_BYTES) {
      yield await this.#feed(part.subarray(at, at + STEP_BYTES));
    }
    if (!isFinal) return;
    const isOpen = this.#fed === (this.#stream?.bytesWritten ?? 0);
    yield await this.#feed(TRAILER);
    this.#received = 0;
    this.#decoded = 0;
    // A sender may finish the stream with a message; in Deno 2.9.6 it would swallow all that
    // follows in silence.
    const left = this.#fed - (this.#stream?.bytesWritten ?? 0);
    if (!isOpen || (left !== 0 && left !== TRAILER.length)) throw damaged();
    if (left !== 0) this.close();
  }

  close(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #feed(bytes: Uint8Array): Promise<Uint8Array> {
    const stream = this.#stream ?? this.#open();
    this.#fed += bytes.length;
    this.#received += bytes.length;
    return new Promise((resolve, reject) => {
      const onError = (): void => reject(damaged());
      stream.once("error", onError);
      stream.write(bytes, () => {
        stream.off("error", onError);
        const decoded = Buffer.concat(this.#chunks.splice(0));
        this.#decoded += decoded.length;
        if (this.#isBomb()) return reject(new WebSocketFault(1009, "a message is too long"));
        resolve(decoded);
      });
    });
  }

  #isBomb(): boolean {
    if (this.#decoded > LIMITS.webSocketMessageBytes) return true;
    return this.#decoded > LIMITS.webSocketFreeBytes &&
      this.#decoded > this.#received * LIMITS.expansionRatio;
  }

  #open(): InflateRaw {
    const stream = createInflateRaw({ chunkSize: LIMITS.decodeChunkBytes });
    stream.on("data", (chunk: Uint8Array) => void this.#chunks.push(chunk));
    // What comes after the first one has nobody to tell.
    stream.on("error", () => {});
    this.#stream = stream;
    this.#fed = 0;
    return stream;
  }
}

function damaged(): WebSocketFault {
  return new WebSocketFault(1007, "a compressed message is damaged");
}
