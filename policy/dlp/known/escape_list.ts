/**
 * Stretches of a projection whose codes write escapes of what is not alphanumeric, in the order of
 * their place. Made once, filled for each text.
 */
export class EscapeList {
  /** The first code of each. */
  starts = new Int32Array(256);
  /** Behind the last code of each. */
  ends = new Int32Array(256);
  count = 0;
  /** 1 for each that another reader takes for plain text. */
  #doubted = new Uint8Array(256);
  #doubtedCount = 0;

  clear(): void {
    this.count = this.#doubtedCount = 0;
  }

  /** Adds one; what follows at once upon another becomes one with it. */
  add(start: number, end: number, isDoubted: boolean): void {
    const before = this.count - 1;
    const doubt = isDoubted ? 1 : 0;
    if (before >= 0 && this.ends[before] === start && this.#doubted[before] === doubt) {
      this.ends[before] = end;
      return;
    }
    if (this.count === this.starts.length) this.#grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.#doubted[this.count++] = doubt;
    this.#doubtedCount += doubt;
  }

  /** Those that every reader takes for escapes; `undefined` when these are all. */
  certain(): EscapeList | undefined {
    if (this.#doubtedCount === 0) return undefined;
    const certain = new EscapeList();
    for (let n = 0; n < this.count; n++) {
      if (this.#doubted[n] !== 0) continue;
      certain.add(this.starts[n] as number, this.ends[n] as number, false);
    }
    return certain;
  }

  #grow(): void {
    const size = 2 * this.starts.length;
    const [starts, ends, doubted] = [this.starts, this.ends, this.#doubted];
    this.starts = new Int32Array(size);
    this.ends = new Int32Array(size);
    this.#doubted = new Uint8Array(size);
    this.starts.set(starts);
    this.ends.set(ends);
    this.#doubted.set(doubted);
  }
}
