import { GRAM, GramIndex } from "./gram_index.ts";
import { goodWindows, type Variant } from "./variants.ts";

/** Looking at every eighth place finds each run of twelve. */
const MAX_STRIDE = 8;
/** Windows from here on are found by some of their grams. */
const LONG_WINDOW = 36;

/** A variant of a secret with the secret's name. */
export interface Needle extends Variant {
  readonly id: string;
}

/** What a matcher looks for, in one piece of memory. */
export class Needles {
  readonly all: readonly Needle[];
  /** The codes of all needles, a 0 before and behind each. */
  readonly codes: Uint8Array;
  /** Which needle a code belongs to. */
  readonly ownerAt: Uint32Array;
  /** How many good windows begin before a place. */
  readonly #goodBefore: Uint32Array;
  /** The longest window. */
  readonly reach: number;
  /** The shortest window. */
  readonly shortest: number;
  /** Every run that counts has a gram of the index at one of so many places in a row. */
  readonly stride: number;
  readonly index: GramIndex;

  constructor(needles: readonly Needle[]) {
    this.all = needles;
    const size = needles.reduce((sum, { codes }) => sum + codes.length + 1, 1);
    this.codes = new Uint8Array(size);
    this.ownerAt = new Uint32Array(size);
    this.#goodBefore = new Uint32Array(size + 1);
    const windows = needles.map(({ window }) => window);
    this.reach = windows.reduce((most, window) => Math.max(most, window), GRAM);
    this.shortest = windows.reduce((least, window) => Math.min(least, window), this.reach);
    this.stride = Math.min(MAX_STRIDE, this.shortest - GRAM + 1);
    let base = 1;
    needles.forEach((needle, owner) => {
      const good = goodWindows(needle);
      for (let n = 0; n <= needle.codes.length; n++) {
        this.codes[base + n] = needle.codes[n] ?? 0;
        this.ownerAt[base + n] = owner;
        this.#goodBefore[base + n + 1] = (this.#goodBefore[base + n] as number) + (good[n] ?? 0);
      }
      base += needle.codes.length + 1;
    });
    this.index = new GramIndex(
      this.codes,
      this.#places(),
      (earlier, place) => this.#isSame(earlier, place),
    );
  }

  /** Does a run of the needle that owns it count: does it hold a good window? */
  counts(start: number, end: number): boolean {
    const { window } = this.all[this.ownerAt[start] as number] as Needle;
    return end - start >= window && this.#goodBetween(start, end - window + 1) > 0;
  }

  #goodBetween(start: number, end: number): number {
    return (this.#goodBefore[end] as number) - (this.#goodBefore[start] as number);
  }

  /**
   * Grams that stand in a good window. Where a window spans several places in a row that are looked
   * at, one of these is enough, so that long ways to write take no more memory than short ones.
   */
  #places(): Uint32Array {
    const places = new Uint32Array(this.codes.length);
    let count = 0;
    let base = 1;
    for (const { codes, window } of this.all) {
      const turns = window < LONG_WINDOW ? 1 : Math.floor((window - GRAM + 1) / this.stride);
      for (let at = 0; at + GRAM <= codes.length; at++) {
        if (Math.floor(at / this.stride) % turns !== 0) continue;
        const first = base + Math.max(0, at + GRAM - window);
        if (this.#goodBetween(first, base + at + 1) > 0) places[count++] = base + at;
      }
      base += codes.length + 1;
    }
    return places.subarray(0, count);
  }

  /** Do two places of one needle look the same as far as a window reaches? */
  #isSame(a: number, b: number): boolean {
    const owner = this.ownerAt[a] as number;
    if (owner !== this.ownerAt[b]) return false;
    const { window } = this.all[owner] as Needle;
    for (let n = GRAM; n < window; n++) {
      if (this.codes[a + n] !== this.codes[b + n]) return false;
      if (this.codes[a + n] === 0) break;
    }
    for (let n = 0; n <= window - GRAM; n++) {
      if (this.codes[a - n] !== this.codes[b - n]) return false;
      if (this.codes[a - n] === 0) break;
      if (this.#goodBetween(a - n, a - n + 1) !== this.#goodBetween(b - n, b - n + 1)) return false;
    }
    return true;
  }
}
