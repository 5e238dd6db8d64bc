/** What is written over the first bytes of a secret, cut where the secret is shorter. */
const LABEL = new TextEncoder().encode("[redacted]");
const FILL = 0x2a;

/** Half-open range of bytes. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Writes a mask over ranges of a stream, which may reach beyond the bytes that are at hand. */
export class Mask {
  /** Where the last label was begun and where its mask ends, counted from the next bytes. */
  #labelAt = 0;
  #end = 0;

  /**
   * Masks the ranges that begin in some bytes, and what earlier ones left. Gives the bytes
   * themselves when there is nothing to mask, else a copy.
   * @param ranges in the order of their start
   */
  apply(bytes: Uint8Array, ranges: readonly Range[]): Uint8Array {
    if (ranges.length === 0 && this.#end <= 0) return bytes;
    // Not slice(), which gives a view of the same memory where the bytes are a Buffer.
    const masked = new Uint8Array(bytes);
    this.#write(masked, 0, this.#end);
    for (const { start, end } of ranges) {
      const from = Math.max(start, this.#end);
      if (start >= this.#end) this.#labelAt = start;
      this.#end = Math.max(this.#end, end);
      this.#write(masked, from, end);
    }
    this.#labelAt -= bytes.length;
    this.#end -= bytes.length;
    return masked;
  }

  #write(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < Math.min(end, bytes.length); at++) {
      bytes[at] = LABEL[at - this.#labelAt] ?? FILL;
    }
  }
}
