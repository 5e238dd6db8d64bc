import type { Secret } from "../../secret.ts";
import type { ViewMatch } from "../view_match.ts";
import { GRAM, gramAt, spread } from "./gram_index.ts";
import { type Needle, Needles } from "./needles.ts";
import { Projection } from "./projection.ts";
import { markPublic } from "./public_parts.ts";
import { variantsOf } from "./variants.ts";

/** Finds known secrets, however they are written. */
export interface KnownMatcher {
  /**
   * The first matches in a view, in the order of their place and at most `limit` of them; matches of
   * one secret do not overlap.
   */
  find(bytes: Uint8Array, limit: number): readonly ViewMatch[];
  /** Alphanumerics of earlier text that must stand before the next piece of a stream. */
  readonly carry: number;
}

/** A run of a needle in a projected text. */
interface Run {
  readonly needle: Needle;
  readonly owner: number;
  readonly start: number;
  readonly end: number;
}

/** Compiles the variants of the secrets. */
export function createKnownMatcher(secrets: ReadonlyMap<string, Secret>): KnownMatcher {
  const needles: Needle[] = [...secrets].flatMap(([id, secret]) => {
    const value = secret.reveal();
    const source = { bytes: new TextEncoder().encode(value), isPublic: markPublic(value) };
    return variantsOf(source).map((variant) => ({ ...variant, id }));
  });
  return new Matcher(new Needles(needles));
}

class Matcher implements KnownMatcher {
  readonly carry: number;
  readonly #needles: Needles;
  readonly #projection = new Projection();
  /** Per needle: the end of its last run, and where the needle would begin in the text. */
  readonly #lastEnd: Int32Array;
  readonly #lastBase: Int32Array;

  constructor(needles: Needles) {
    this.#needles = needles;
    this.carry = needles.reach - 1;
    this.#lastEnd = new Int32Array(needles.all.length);
    this.#lastBase = new Int32Array(needles.all.length);
  }

  find(bytes: Uint8Array, limit: number): readonly ViewMatch[] {
    if (this.#needles.all.length === 0 || limit <= 0) return [];
    const projection = this.#projection;
    projection.fill(bytes);
    const runs: Run[] = [];
    this.#scan(projection.codes, projection.end, (run) => {
      runs.push(run);
      return runs.length < 4 * limit;
    });
    const matches = runs.map(({ needle, start, end }) => ({
      id: needle.id,
      writtenAs: needle.writtenAs,
      start: projection.offsetOf(start),
      end: projection.offsetOf(end - 1) + 1,
    }));
    projection.clear();
    return merge(matches).slice(0, limit);
  }

  /** Looks at one place in `stride`; each run that counts is told once, until told to stop. */
  #scan(codes: Uint8Array, end: number, tell: (run: Run) => boolean): void {
    const { index, stride } = this.#needles;
    const { filter, filterShift } = index;
    this.#lastEnd.fill(0);
    for (let at = stride; at + GRAM <= end; at += stride) {
      const hash = spread(gramAt(codes, at)) >>> filterShift;
      if ((((filter[hash >>> 5] as number) >>> (hash & 31)) & 1) === 0) continue;
      if (!this.#verify(codes, at, tell)) return;
    }
  }

  #verify(codes: Uint8Array, at: number, tell: (run: Run) => boolean): boolean {
    const { index, ownerAt, all } = this.#needles;
    const { places, next } = index;
    for (let entry = index.first(gramAt(codes, at)); entry >= 0; entry = next[entry] as number) {
      const place = places[entry] as number;
      const owner = ownerAt[place] as number;
      const isKnown = this.#lastBase[owner] === at - place && at < (this.#lastEnd[owner] as number);
      if (isKnown || !this.#isRun(codes, at, place)) continue;
      const run = { ...this.#widen(codes, at, place), owner, needle: all[owner] as Needle };
      this.#lastBase[owner] = at - place;
      this.#lastEnd[owner] = run.end;
      if (!tell(run)) return false;
    }
    return true;
  }

  /** Compares as far as a window reaches, so that near misses stay cheap. */
  #isRun(codes: Uint8Array, at: number, place: number): boolean {
    const needles = this.#needles;
    const needle = needles.codes;
    const most = needles.reach - GRAM;
    let left = 0;
    while (left < most && codes[at - left - 1] === needle[place - left - 1] && left < place - 1) {
      if (needle[place - left - 1] === 0) break;
      left++;
    }
    let right = GRAM;
    while (right < most + GRAM && codes[at + right] === needle[place + right]) {
      if (needle[place + right] === 0) break;
      right++;
    }
    return needles.counts(place - left, place + right);
  }

  /** As far as text and needle agree. */
  #widen(codes: Uint8Array, at: number, place: number): { start: number; end: number } {
    const needle = this.#needles.codes;
    let [start, end] = [0, GRAM];
    while (needle[place - start - 1] !== 0 && codes[at - start - 1] === needle[place - start - 1]) {
      start++;
    }
    while (needle[place + end] !== 0 && codes[at + end] === needle[place + end]) end++;
    return { start: at - start, end: at + end };
  }
}

/** Joins matches of one secret that overlap. */
function merge(matches: ViewMatch[]): ViewMatch[] {
  const sorted = matches.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const last = new Map<string, number>();
  const merged: ViewMatch[] = [];
  for (const match of sorted) {
    const at = last.get(match.id);
    const earlier = at === undefined ? undefined : merged[at];
    if (at === undefined || earlier === undefined || earlier.end <= match.start) {
      last.set(match.id, merged.push(match) - 1);
    } else {
      merged[at] = { ...earlier, end: Math.max(earlier.end, match.end) };
    }
  }
  return merged;
}
