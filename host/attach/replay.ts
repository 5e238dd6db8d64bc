const ESCAPE = 0x1b;
const NEWLINE = 0x0a;

/** The last bytes of an output, for those who join late. */
export class ReplayBuffer {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #cut = false;

  /** Keeps at most `limit` bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice());
    this.#length += chunk.length;
    while (this.#length - (this.#chunks[0]?.length ?? 0) >= this.#limit) {
      this.#length -= this.#chunks.shift()?.length ?? 0;
      this.#cut = true;
    }
  }

  /**
   * What is kept. When its start was cut off it begins at an escape sequence or a line, so that
   * half a sequence or half a character is never shown.
   */
  read(): Uint8Array {
    const whole = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    const last = whole.subarray(Math.max(0, whole.length - this.#limit));
    if (!this.#cut && last.length === whole.length) return last;
    const start = last.findIndex((byte) => byte === ESCAPE || byte === NEWLINE);
    return start < 0 ? new Uint8Array() : last.subarray(start);
  }
}
