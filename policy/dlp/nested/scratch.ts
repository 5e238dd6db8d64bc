/** Buffers kept for the next text, so that a scan allocates none of its own. */
const MOST_KEPT = 12;
/** A larger buffer is not kept. */
const LARGEST_KEPT = 4 * 1024 * 1024;
const SMALLEST = 4096;

/** Lends buffers in turn; what is in them means nothing. */
export class Scratch {
  readonly #free: Uint8Array[] = [];

  /** A buffer of at least `length` bytes, to be given back. */
  borrow(length: number): Uint8Array {
    for (let n = this.#free.length - 1; n >= 0; n--) {
      const buffer = this.#free[n];
      if (buffer && buffer.length >= length) {
        this.#free.splice(n, 1);
        return buffer;
      }
    }
    return new Uint8Array(2 ** Math.ceil(Math.log2(Math.max(length, SMALLEST))));
  }

  giveBack(buffer: Uint8Array): void {
    if (buffer.length > LARGEST_KEPT) return;
    if (this.#free.length >= MOST_KEPT) this.#free.shift();
    this.#free.push(buffer);
  }
}
