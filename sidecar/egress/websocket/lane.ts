import type { Socket } from "node:net";
import { LIMITS } from "../limits.ts";
import type { FrameReader, Piece } from "./reader.ts";

/** What a lane is made of. */
export interface LaneOptions {
  readonly from: Socket;
  readonly reader: FrameReader;
  /** Deals with one piece; the next one waits until it is done. */
  readonly take: (piece: Piece) => Promise<void>;
  /** Deals at once with what need not wait for its turn; false when it has to. */
  readonly aside: (piece: Piece) => boolean;
  /** Told of every chunk's length in bytes. */
  readonly onChunk: (bytes: number) => void;
  /** The sender ended without a word, and all that it sent was dealt with. */
  readonly onEnd: () => void;
  /** Told of what the reader or `take` threw; nothing is taken after it. */
  readonly onFault: (error: unknown) => void;
}

/** Beside its payload, in bytes. */
const PIECE_BYTES = 64;

/** What a waiting piece takes of the memory that may be taken, in bytes. */
function costOf(piece: Piece): number {
  return piece.payload.length + PIECE_BYTES;
}

/** One direction of a WebSocket: its pieces are dealt with one by one, in order. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #queue: Piece[] = [];
  #waiting = 0;
  #isRunning = false;
  #hasEnded = false;
  #isStopped = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Begins with what came together with the handshake. */
  start(head: Uint8Array): void {
    const { from } = this.#options;
    from.on("data", (chunk: Uint8Array) => this.#read(chunk));
    from.once("end", () => this.#end()).once("close", () => this.#end());
    if (head.length > 0) this.#read(Uint8Array.from(head));
    from.resume();
  }

  /** Looks again for what need not wait, among what has come already. */
  sift(): void {
    const waiting = this.#queue.splice(0);
    for (const piece of waiting) {
      if (this.#options.aside(piece)) this.#waiting -= costOf(piece);
      else this.#queue.push(piece);
    }
  }

  /** Takes nothing from now on; what still comes is dropped. */
  stop(): void {
    this.#isStopped = true;
    this.#queue.length = 0;
    this.#options.from.resume();
  }

  #read(chunk: Uint8Array): void {
    const { reader, aside, onChunk, onFault, from } = this.#options;
    onChunk(chunk.length);
    if (this.#isStopped) return;
    try {
      for (const piece of reader.push(chunk)) {
        if (aside(piece)) continue;
        this.#queue.push(piece);
        this.#waiting += costOf(piece);
      }
    } catch (error) {
      this.stop();
      return onFault(error);
    }
    if (this.#waiting > LIMITS.webSocketQueueBytes) from.pause();
    void this.#run();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let piece = this.#next(); piece !== undefined; piece = this.#next()) {
        await this.#options.take(piece);
      }
    } catch (error) {
      if (this.#isStopped) return;
      this.stop();
      return this.#options.onFault(error);
    }
    this.#isRunning = false;
    if (this.#hasEnded && !this.#isStopped) {
      this.#isStopped = true;
      this.#options.onEnd();
    }
  }

  #next(): Piece | undefined {
    const piece = this.#isStopped ? undefined : this.#queue.shift();
    if (piece === undefined) return undefined;
    this.#waiting -= costOf(piece);
    if (this.#waiting <= LIMITS.webSocketQueueBytes / 2) this.#options.from.resume();
    return piece;
  }
}
