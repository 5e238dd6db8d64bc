import type { EscapeList } from "./escape_list.ts";
import { GRAM } from "./gram_index.ts";
import type { Projection } from "./projection.ts";

/** Codes between the escapes of one stretch: as many as make those at its ends count little. */
const AT_ONCE = 256;

/** What decides which stretches are worth a look. */
export interface ReadingOptions {
  /** The longest and the shortest run that counts. */
  readonly reach: number;
  readonly shortest: number;
  /** May the gram at that code of the projection belong to a run? */
  readonly mayMatch: (at: number) => boolean;
}

/**
 * The stretches around escapes as a reader sees them who takes these for no alphanumerics: `s\nk\n`
 * reads `sk`. Most are passed over: a run across an escape has a whole gram in front of it or behind
 * it, or else consists of runs between escapes that are shorter than a gram.
 */
export class Readings {
  /** Of the current stretch: a 0, the codes, a 0. */
  codes = new Uint8Array(1024);
  /** Where each of them stands in the projection. */
  from = new Int32Array(1024);
  /** Behind the last code. */
  end = 1;
  readonly #projection: Projection;
  readonly #options: ReadingOptions;

  constructor(projection: Projection, options: ReadingOptions) {
    this.#projection = projection;
    this.#options = options;
  }

  /**
   * Reads the next stretch worth a look, with the escapes from `first` on. Gives where to go on,
   * or -1 when there is none.
   */
  next(escapes: EscapeList, first: number): number {
    const { starts, ends, count } = escapes;
    let before = first > 0 ? (ends[first - 1] as number) : 1;
    // Codes in a row of runs that are shorter than a gram.
    let inShortRuns = 0;
    for (let at = first; at < count; at++) {
      const [start, end] = [starts[at] as number, ends[at] as number];
      const isShort = start - before < GRAM;
      inShortRuns = isShort && at > first ? inShortRuns + start - before : 0;
      before = end;
      const behind = at + 1 < count ? (starts[at + 1] as number) : this.#projection.end;
      const mayHoldRun = inShortRuns + 2 * (GRAM - 1) >= this.#options.shortest ||
        (!isShort && this.#options.mayMatch(start - GRAM)) ||
        (end + GRAM <= behind && this.#options.mayMatch(end));
      if (!mayHoldRun) continue;
      const last = this.#lastOfStretch(escapes, at);
      this.#read(escapes, at, last);
      return last + 1;
    }
    return -1;
  }

  #lastOfStretch({ starts, ends, count }: EscapeList, first: number): number {
    let last = first;
    for (let room = AT_ONCE; last + 1 < count; last++) {
      room -= (starts[last + 1] as number) - (ends[last] as number);
      if (room < 0) break;
    }
    return last;
  }

  /** The codes around and between some escapes, as far as a run reaches on both sides. */
  #read(escapes: EscapeList, first: number, last: number): void {
    const { reach } = this.#options;
    let from = first;
    let low = escapes.starts[first] as number;
    for (let left = reach;;) {
      const least = from > 0 ? (escapes.ends[from - 1] as number) : 1;
      const taken = Math.min(left, low - least);
      left -= taken;
      low -= taken;
      if (left === 0 || from === 0) break;
      low = escapes.starts[--from] as number;
    }
    this.end = 1;
    let next = from;
    for (let at = low; next <= last; next++) {
      this.#copy(at, escapes.starts[next] as number);
      at = escapes.ends[next] as number;
    }
    this.#readBehind(escapes, next);
  }

  #readBehind(escapes: EscapeList, first: number): void {
    let left = this.#options.reach;
    let at = escapes.ends[first - 1] as number;
    for (let next = first; left > 0 && next <= escapes.count; next++) {
      const isLast = next === escapes.count;
      const stop = isLast ? this.#projection.end : (escapes.starts[next] as number);
      const count = Math.min(left, stop - at);
      this.#copy(at, at + count);
      left -= count;
      if (!isLast) at = escapes.ends[next] as number;
    }
    this.codes[this.end] = 0;
  }

  #copy(start: number, stop: number): void {
    if (this.end + stop - start + 1 > this.codes.length) this.#grow(this.end + stop - start + 1);
    const { codes, from } = this;
    const source = this.#projection.codes;
    let end = this.end;
    for (let at = start; at < stop; at++) {
      codes[end] = source[at] as number;
      from[end++] = at;
    }
    this.end = end;
  }

  #grow(size: number): void {
    const [codes, from] = [this.codes, this.from];
    this.codes = new Uint8Array(2 * size);
    this.from = new Int32Array(2 * size);
    this.codes.set(codes);
    this.from.set(from);
  }
}
