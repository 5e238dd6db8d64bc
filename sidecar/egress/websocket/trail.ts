/** How much of what was sent is looked at together with the next message, in bytes. */
export const TRAIL_BYTES = 4 * 1024;

/** The end of all that one direction has sent. */
export class Trail {
  #bytes: Uint8Array = new Uint8Array(0);

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  add(sent: Uint8Array): void {
    if (sent.length === 0) return;
    this.#bytes = sent.length >= TRAIL_BYTES
      ? sent.slice(sent.length - TRAIL_BYTES)
      : this.before(sent).slice(-TRAIL_BYTES);
  }

  /** The trail with more behind it. */
  before(next: Uint8Array): Uint8Array {
    const joined = new Uint8Array(this.#bytes.length + next.length);
    joined.set(this.#bytes);
    joined.set(next, this.#bytes.length);
    return joined;
  }
}
