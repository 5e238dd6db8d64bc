import type { Secret } from "../../secret.ts";
import type { ViewMatch } from "../view_match.ts";
import { type Compiled, compileSecrets } from "./compile.ts";
import type { EscapeList } from "./escape_list.ts";
import { GRAM, gramAt, spread } from "./gram_index.ts";
import { mergeRuns, type Run } from "./merge.ts";
import { type Needle, Needles } from "./needles.ts";
import { Projection } from "./projection.ts";
import { Readings } from "./readings.ts";

/** Finds known secrets, however they are written. */
export interface KnownMatcher {
  /**
   * The matches in a view, in the order of their place; those of one secret do not overlap. Where
   * there are `limit` of them there may be more, anywhere.
   */
  find(bytes: Uint8Array, limit: number): readonly ViewMatch[];
  /**
   * Alphanumerics of earlier text that must stand before the next piece of a stream, with the signs
   * of escapes among them; enough also where each is followed by an escape such as `\n`.
   */
  readonly carry: number;
}

/** Compiles the variants of the secrets. */
export function createKnownMatcher(secrets: ReadonlyMap<string, Secret>): KnownMatcher {
  return new Matcher(compileSecrets(secrets));
}

/** Takes a run; false when no more are wanted. */
type Tell = (run: Run) => boolean;

class Matcher implements KnownMatcher {
  readonly carry: number;
  readonly #compiled: Compiled;
  readonly #needles: Needles;
  readonly #projection = new Projection();
  readonly #readings: Readings;
  /** Per needle: where its last run ends. */
  readonly #lastEnd: Float64Array;
  /** Keeps places of one scan apart from those of each other one. */
  #scanBase = 0;

  constructor(compiled: Compiled) {
    this.#compiled = compiled;
    this.#needles = new Needles(compiled.needles);
    const { reach, shortest, all } = this.#needles;
    this.carry = 2 * (reach - 1);
    this.#lastEnd = new Float64Array(all.length);
    this.#readings = new Readings(this.#projection, {
      reach,
      shortest,
      mayMatch: (at) => this.#mayMatch(at),
    });
  }

  find(bytes: Uint8Array, limit: number): readonly ViewMatch[] {
    if (limit <= 0) return [];
    const found = [...this.#findLone(bytes), ...this.#findWords(bytes, limit)];
    if (this.#needles.all.length > 0) found.push(...this.#findNeedles(bytes, limit));
    return mergeRuns(found).slice(0, limit);
  }

  #findLone(bytes: Uint8Array): ViewMatch[] {
    return this.#compiled.lone.flatMap(({ id, bytes: value }) => {
      let [start, end] = [0, bytes.length];
      if (end - start < value.length) return [];
      while (start < end && isSpace(bytes[start] as number)) start++;
      while (start < end && isSpace(bytes[end - 1] as number)) end--;
      const isValue = end - start === value.length && value.every((b, n) => b === bytes[start + n]);
      return isValue ? [{ id, writtenAs: [], start, end }] : [];
    });
  }

  #findWords(bytes: Uint8Array, limit: number): ViewMatch[] {
    return this.#compiled.words.flatMap(({ id, writtenAs, length, word }) =>
      [...word.places(bytes).take(limit)]
        .map((start) => ({ id, writtenAs, start, end: start + length }))
    );
  }

  #findNeedles(bytes: Uint8Array, limit: number): ViewMatch[] {
    const projection = this.#projection;
    projection.fill(bytes);
    const runs = this.#collect(limit);
    const matches = runs.map(({ id, writtenAs, start, end }) => ({
      id,
      writtenAs,
      start: projection.offsetOf(start),
      end: projection.offsetOf(end - 1) + 1,
    }));
    projection.clear();
    return matches;
  }

  /** Runs in all readings of the projected text, at most `limit` of them. */
  #collect(limit: number): Run[] {
    const most = Math.max(4 * limit, 256);
    let runs: Run[] = [];
    const tell: Tell = (run) => {
      if (runs.push(run) < most) return true;
      runs = mergeRuns(runs);
      return runs.length < limit;
    };
    const { codes, end, escapes } = this.#projection;
    if (this.#scan(codes, end, tell) && this.#scanReadings(escapes, tell)) {
      const certain = escapes.certain();
      if (certain !== undefined) this.#scanReadings(certain, tell);
    }
    return mergeRuns(runs).slice(0, limit);
  }

  #scanReadings(escapes: EscapeList, tell: Tell): boolean {
    const readings = this.#readings;
    const tellPlace: Tell = (run) => {
      const { from } = readings;
      const [start, end] = [from[run.start] as number, (from[run.end - 1] as number) + 1];
      return tell({ ...run, start, end });
    };
    let next = 0;
    while ((next = readings.next(escapes, next)) >= 0) {
      if (!this.#scan(readings.codes, readings.end, tellPlace)) return false;
    }
    return true;
  }

  #mayMatch(at: number): boolean {
    const { index } = this.#needles;
    const gram = gramAt(this.#projection.codes, at);
    const hash = spread(gram) >>> index.filterShift;
    return (((index.filter[hash >>> 5] as number) >>> (hash & 31)) & 1) !== 0 &&
      index.first(gram) >= 0;
  }

  /** Looks at one place in `stride`; tells each run that counts once. */
  #scan(codes: Uint8Array, end: number, tell: Tell): boolean {
    const { index: { filter, filterShift }, stride } = this.#needles;
    for (let at = stride; at + GRAM <= end; at += stride) {
      const hash = spread(gramAt(codes, at)) >>> filterShift;
      if ((((filter[hash >>> 5] as number) >>> (hash & 31)) & 1) === 0) continue;
      if (this.#verify(codes, at, tell)) continue;
      this.#scanBase += end;
      return false;
    }
    this.#scanBase += end;
    return true;
  }

  #verify(codes: Uint8Array, at: number, tell: Tell): boolean {
    const { index, ownerAt, all } = this.#needles;
    const { places, next } = index;
    for (let entry = index.first(gramAt(codes, at)); entry >= 0; entry = next[entry] as number) {
      const place = places[entry] as number;
      const owner = ownerAt[place] as number;
      // Within a run that was told nothing is to be added, or a periodic text would take long.
      if (this.#scanBase + at + GRAM <= (this.#lastEnd[owner] as number)) continue;
      if (!this.#isRun(codes, at, place)) continue;
      const { id, writtenAs } = all[owner] as Needle;
      const run = { id, writtenAs, ...this.#widen(codes, at, place) };
      this.#lastEnd[owner] = this.#scanBase + run.end;
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
    while (left < most) {
      const code = needle[place - left - 1];
      if (code === 0 || codes[at - left - 1] !== code) break;
      left++;
    }
    let right = GRAM;
    while (right < most + GRAM) {
      const code = needle[place + right];
      if (code === 0 || codes[at + right] !== code) break;
      right++;
    }
    return needles.counts(place - left, place + right);
  }

  /** As far as text and needle agree. */
  #widen(codes: Uint8Array, at: number, place: number): { start: number; end: number } {
    const needle = this.#needles.codes;
    let [start, end] = [at, at + GRAM];
    const base = place - at;
    while (needle[base + start - 1] !== 0 && codes[start - 1] === needle[base + start - 1]) start--;
    while (needle[base + end] !== 0 && codes[end] === needle[base + end]) end++;
    return { start, end };
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
