import { LIMITS } from "./limits.ts";

/**
 * Starts a collection when memory outside the JavaScript heap has piled up. Relayed buffers live
 * there and hardly press on the heap, so the collector would see them too late; without this a
 * large transfer peaks at several hundred megabytes. Does nothing without `--expose-gc`.
 */
export class MemoryGuard {
  readonly #collect = (globalThis as { gc?: () => void }).gc;
  #unseen = 0;

  /** Told of every relayed chunk's length in bytes. */
  relayed(bytes: number): void {
    this.#unseen += bytes;
    if (this.#unseen < LIMITS.externalCheckBytes) return;
    this.#unseen = 0;
    if (Deno.memoryUsage().external > LIMITS.externalBytes) this.#collect?.();
  }
}
