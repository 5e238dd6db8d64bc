/** The end of all that one direction has said, up to a length in bytes. */
export class Trail {
  readonly #length: number;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(length: number) {
    this.#length = length;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  add(sent: Uint8Array): void {
    if (sent.length === 0) return;
    this.#bytes = sent.length >= this.#length
      ? sent.slice(sent.length - this.#length)
      : this.before(sent).slice(-this.#length);
  }

  /** The trail with more behind it. */
  before(next: Uint8Array): Uint8Array {
    const joined = new Uint8Array(this.#bytes.length + next.length);
    joined.set(this.#bytes);
    joined.set(next, this.#bytes.length);
    return joined;
  }
}
