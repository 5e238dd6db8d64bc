import { LIMITS } from "./limits.ts";

/** What `--expose-gc` gives. */
type Collect = (options?: CollectOptions) => void;
type CollectOptions = { readonly type: "minor" } | {
  readonly type: "major";
  readonly execution: "sync";
  readonly flavor: "last-resort";
};

/**
 * Starts a collection when memory outside the JavaScript heap has piled up. Relayed buffers live
 * there and hardly press on the heap, so the collector would see them too late; without this a
 * large transfer peaks at several hundred megabytes. Does nothing without `--expose-gc`.
 */
export class MemoryGuard {
  readonly #collect = (globalThis as { gc?: Collect }).gc;
  #unseen = 0;

  constructor() {
    if (this.#collect === undefined) return;
    const settle = (): void => this.#settle();
    setTimeout(settle, LIMITS.settleMs).unref();
  }

  /** Told of every relayed chunk's length in bytes. */
  relayed(bytes: number): void {
    this.#unseen += bytes;
    if (this.#unseen < LIMITS.externalCheckBytes) return;
    this.#unseen = 0;
    // Relayed buffers die young, and looking at what is young takes a twentieth of the time.
    const isTooMuch = Deno.memoryUsage().external > LIMITS.externalBytes;
    this.#collect?.(isTooMuch ? undefined : { type: "minor" });
  }

  /**
   * Gives back what reading the policy and preparing the scans left over, a sixth of what the
   * process would hold while it idles. Code that is compiled goes as well, so only once, and not
   * when there is traffic already.
   */
  #settle(): void {
    if (this.#unseen > 0) return;
    this.#collect?.({ type: "major", execution: "sync", flavor: "last-resort" });
  }
}
