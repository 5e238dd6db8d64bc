import { GRAM } from "./gram_index.ts";
import type { Escape, Projection } from "./projection.ts";

/** A stretch of a text's codes as a reader sees it who takes escapes for no alphanumerics. */
export interface Reading {
  /** A 0, the codes, a 0. */
  readonly codes: Uint8Array;
  /** Behind the last code. */
  readonly end: number;
  /** Where each code stands in the projection. */
  readonly from: Int32Array;
}

/** What decides which stretches are worth a look. */
export interface ReadingOptions {
  /** The longest and the shortest run that counts. */
  readonly reach: number;
  readonly shortest: number;
  /** May a run begin at that code of the projection? */
  readonly mayMatch: (at: number) => boolean;
}

/**
 * The stretches around escapes, without the codes of these: `s\nk\n` reads `sk` there. Where escapes
 * are rare most are passed over: a run across one escape has a whole gram in front of it or behind.
 */
export class Readings {
  #codes = new Uint8Array(0);
  #from = new Int32Array(0);
  readonly #projection: Projection;
  readonly #options: ReadingOptions;

  constructor(projection: Projection, options: ReadingOptions) {
    this.#projection = projection;
    this.#options = options;
  }

  /** Each stretch in turn; a reading is valid until the next is asked for. */
  *stretches(escapes: readonly Escape[]): Generator<Reading> {
    const { shortest } = this.#options;
    let first = 0;
    while (first < escapes.length) {
      let last = first;
      let isDense = shortest < 2 * GRAM - 1;
      for (; last + 1 < escapes.length; last++) {
        const gap = startOf(escapes, last + 1) - endOf(escapes, last);
        if (gap >= shortest - 1 && shortest >= 2 * GRAM - 1) break;
        isDense ||= gap > 0;
      }
      if (isDense || this.#mayHoldRun(startOf(escapes, first), endOf(escapes, last))) {
        yield this.#read(escapes, first, last);
      }
      first = last + 1;
    }
  }

  #mayHoldRun(start: number, end: number): boolean {
    const { mayMatch } = this.#options;
    return (start > GRAM && mayMatch(start - GRAM)) ||
      (end + GRAM <= this.#projection.end && mayMatch(end));
  }

  /** The codes around and between some escapes, as far as a run reaches on both sides. */
  #read(escapes: readonly Escape[], first: number, last: number): Reading {
    const { reach } = this.#options;
    let [from, before] = [first, 0];
    let low = startOf(escapes, first);
    for (;;) {
      const least = from > 0 ? endOf(escapes, from - 1) : 1;
      const taken = Math.min(reach - before, low - least);
      before += taken;
      low -= taken;
      if (before >= reach || from === 0) break;
      low = startOf(escapes, --from);
    }
    return this.#copy(escapes, { low, from, last });
  }

  #copy(
    escapes: readonly Escape[],
    range: { readonly low: number; readonly from: number; readonly last: number },
  ): Reading {
    const projection = this.#projection;
    let [end, at, next] = [1, range.low, range.from];
    let left = this.#options.reach;
    while (at < projection.end && left > 0) {
      const isBehind = next > range.last;
      const stop = next < escapes.length ? startOf(escapes, next) : projection.end;
      const count = isBehind ? Math.min(left, stop - at) : stop - at;
      this.#reserve(end + count + 1);
      for (let n = 0; n < count; n++) {
        this.#codes[end] = projection.codes[at + n] as number;
        this.#from[end++] = at + n;
      }
      if (isBehind) left -= count;
      at = next < escapes.length ? Math.max(at, endOf(escapes, next)) : projection.end;
      next++;
    }
    this.#reserve(end + 1);
    this.#codes[end] = 0;
    return { codes: this.#codes, end, from: this.#from };
  }

  #reserve(size: number): void {
    if (size <= this.#codes.length) return;
    const [codes, from] = [new Uint8Array(2 * size), new Int32Array(2 * size)];
    codes.set(this.#codes);
    from.set(this.#from);
    this.#codes = codes;
    this.#from = from;
  }
}

function startOf(escapes: readonly Escape[], at: number): number {
  return (escapes[at] as Escape).start;
}

function endOf(escapes: readonly Escape[], at: number): number {
  return (escapes[at] as Escape).end;
}
