import { Readable } from "node:stream";
import type { Denial } from "../../policy/egress/verdict.ts";
import { LIMITS } from "./limits.ts";
import { OutboundDenied } from "./outbound.ts";
import type { BodyScan, Released } from "./outbound_scan.ts";

/** What a body that is scanned on its way is made of. */
export interface ScreenedBodyOptions {
  readonly source: Readable;
  /** The sender pauses by now: what it sent so far is let out as soon as it may. */
  readonly isLive: boolean;
  readonly scan: BodyScan;
  /** Called at the end of the source; the body does not end when it rejects. */
  readonly onEnd: () => Promise<void>;
  /** Told of every chunk's length in bytes. */
  readonly onChunk: (bytes: number) => void;
}

/**
 * A body as it may leave: gives what the scan lets go, never faster than it is taken, and fails
 * where the scan denies. While a person is asked, nothing moves.
 */
export class ScreenedBody extends Readable {
  readonly #options: ScreenedBodyOptions;
  readonly #begun = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isBusy = false;
  #hasEnded = false;
  #isLive: boolean;
  /** Has anything happened since the last pause? */
  #isNew = true;
  #denial: Denial | undefined;

  constructor(options: ScreenedBodyOptions) {
    super({ highWaterMark: HIGH_WATER_BYTES });
    this.#options = options;
    this.#isLive = options.isLive;
    this.#begun.promise.catch(() => {});
    // Whoever sends it learns of a failure from the stream; nobody may be listening yet.
    this.on("error", () => {});
    const { source } = options;
    source.on("data", this.#onData).on("end", this.#onEnd);
    for (const event of BROKEN) source.on(event, this.#onBroken);
    this.#watch(options.isLive && source.readableLength === 0 ? 0 : LIMITS.bodyPauseMs);
    source.resume();
  }

  /** Resolves when the first bytes may leave or none came; rejects when that is denied before. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Why it failed, when the scan denied it. */
  get denial(): Denial | undefined {
    return this.#denial;
  }

  override _read(): void {
    if (this.#isBusy || this.#hasEnded) return;
    this.#watch();
    this.#options.source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { source } = this.#options;
    clearTimeout(this.#timer);
    source.off("data", this.#onData).off("end", this.#onEnd);
    for (const event of BROKEN) source.off(event, this.#onBroken);
    source.pause();
    if (error instanceof OutboundDenied) this.#denial = error.denial;
    this.#begun.reject(error ?? new Error("the body is not wanted any more"));
    done(error);
  }

  #onData = (chunk: Uint8Array): void => {
    this.#isNew = true;
    this.#options.onChunk(chunk.length);
    this.#step(() => this.#options.scan.push(chunk));
    if (!this.#isLive) return;
    this.#isLive = false;
    this.#watch(0);
  };

  #onEnd = (): void => {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    // The last chunk may still wait for a person.
    if (!this.#isBusy) this.#finish();
  };

  #onBroken = (): void => {
    if (!this.#hasEnded) this.destroy(new Error("the sender closed before the end"));
  };

  #finish(): void {
    this.#isBusy = true;
    const finish = async (): Promise<void> => {
      this.#give(await this.#options.scan.end());
      await this.#options.onEnd();
      this.#begun.resolve();
      this.push(null);
    };
    finish().catch((error) => this.destroy(error));
  }

  #step(look: () => Released | Promise<Released>, { isPause = false } = {}): void {
    try {
      const released = look();
      if (!(released instanceof Promise)) return this.#goOn(released, isPause);
      this.#isBusy = true;
      clearTimeout(this.#timer);
      this.#options.source.pause();
      released.then((parts) => {
        this.#isBusy = false;
        if (!this.destroyed) this.#goOn(parts, isPause);
      }).catch((error) => this.destroy(error));
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #goOn(released: Released, isPause: boolean): void {
    const isWanted = this.#give(released);
    // A sender that waits for an answer gets a connection, even before it has said anything.
    if (isPause) this.#begun.resolve();
    if (this.#hasEnded) return this.#finish();
    if (isWanted) {
      this.#watch();
      this.#options.source.resume();
    } else this.#options.source.pause();
  }

  /** False when no more is wanted for now. */
  #give(released: Released): boolean {
    let isWanted = true;
    for (const part of released) {
      if (part.length === 0) continue;
      isWanted = this.push(part);
      this.#begun.resolve();
    }
    return isWanted;
  }

  /** Live exchanges wait for an answer to what they sent so far. */
  #watch(afterMs: number = LIMITS.bodyPauseMs): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#isBusy || this.#hasEnded || this.destroyed || !this.#isNew) return;
      this.#isNew = false;
      this.#step(() => this.#options.scan.pause(), { isPause: true });
    }, afterMs);
  }
}

const HIGH_WATER_BYTES = 64 * 1024;
const BROKEN = ["error", "close", "aborted"] as const;
