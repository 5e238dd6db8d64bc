/** A part of the room that one request has; given back once. */
export interface HeldRoom {
  /** Keeps so many bytes of it, and gives back the rest. */
  shrink(bytes: number): void;
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/**
 * The memory for request bodies that are read before they leave, of all requests together. Who
 * finds it full waits in line, and its sender with it.
 */
export class BodyRoom {
  readonly #size: number;
  readonly #line = new Set<Waiting>();
  #free: number;

  /** @param size In bytes. */
  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  /**
   * Takes room for so many bytes, after all who came earlier. Rejects when the signal aborts
   * meanwhile. More than there is counts as all of it.
   */
  async take(wanted: number, signal: AbortSignal): Promise<HeldRoom> {
    const bytes = Math.min(wanted, this.#size);
    if (this.#line.size > 0 || bytes > this.#free) await this.#wait(bytes, signal);
    else this.#free -= bytes;
    return this.#held(bytes);
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.delete(waiting);
        reject(new Error("the agent went away"));
        // It may have been too large for what is free, and the next one may fit.
        this.#admit();
      };
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const waiting = { bytes, enter };
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave, { once: true });
      this.#line.add(waiting);
    });
  }

  #held(bytes: number): HeldRoom {
    let kept = bytes;
    const shrink = (left: number): void => {
      if (left >= kept) return;
      this.#free += kept - left;
      kept = left;
      this.#admit();
    };
    return { shrink, release: () => shrink(0) };
  }

  #admit(): void {
    for (const waiting of this.#line) {
      if (waiting.bytes > this.#free) return;
      this.#line.delete(waiting);
      this.#free -= waiting.bytes;
      waiting.enter();
    }
  }
}
