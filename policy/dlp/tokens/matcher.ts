import type { ViewMatch } from "../view_match.ts";
import { type Automaton, buildAutomaton } from "./automaton.ts";
import { TOKEN_PATTERNS, type TokenPattern } from "./pattern.ts";
import { isPlausible } from "./plausible.ts";
import { type Program, type Runs, toProgram, walkBackward, walkForward } from "./program.ts";
import { parseRegex, type Step } from "./regex.ts";
import { MOST_BEFORE, Sieve } from "./sieve.ts";

/** Finds tokens by their format, in time linear in the text's length. */
export interface TokenMatcher {
  /**
   * The first `limit` matches by place. None lies within another, but they may overlap: a decoy
   * must not hide the token that begins inside it. What matches in a prefix of a text matches in
   * the text, though it may reach further there.
   */
  find(bytes: Uint8Array, limit: number): readonly ViewMatch[];
  /** No match, together with what it needs in front of it, is longer, in bytes. */
  readonly maxLength: number;
}

/** Makes the matcher of {@linkcode TOKEN_PATTERNS}; takes some milliseconds, so once per process. */
export function createTokenMatcher(): TokenMatcher {
  return new Matcher(TOKEN_PATTERNS);
}

const AS_IT_IS: readonly string[] = Object.freeze([]);

interface PatternProgram extends Program {
  readonly pattern: TokenPattern;
}

class Matcher implements TokenMatcher {
  readonly maxLength: number;
  readonly #automaton: Automaton;
  /** What to check where keywords end, by the number of the automaton's state. */
  readonly #programs: readonly (readonly PatternProgram[])[];
  readonly #steps: number;
  readonly #sieve: Sieve;

  constructor(patterns: readonly TokenPattern[]) {
    const numbers = new Map<Step, number>();
    const programs = patterns.flatMap((pattern) =>
      parseRegex(pattern.regex).map((sequence) => ({ ...toProgram(sequence, numbers), pattern }))
    );
    this.#automaton = buildAutomaton(programs.map(({ keyword }) => keyword));
    this.#programs = this.#automaton.ends.map((ends) =>
      programs.filter((_, number) => ends.includes(number))
    );
    this.#steps = numbers.size;
    this.#sieve = new Sieve(programs);
    this.maxLength = Math.max(...programs.map(({ maxLength }) => maxLength));
  }

  find(bytes: Uint8Array, limit: number): readonly ViewMatch[] {
    const found: ViewMatch[] = [];
    const search: Search = { bytes, limit, found, runs: undefined };
    const next = this.#sieve.over(bytes);
    if (!next) {
      this.#walk(search, 0, bytes.length);
      return found;
    }
    let behind = 0;
    for (let place = next(0); place >= 0; place = next(behind - 1)) {
      const from = Math.max(behind, place - MOST_BEFORE);
      behind = this.#walk(search, from, place + 2);
      if (found.length >= limit) break;
    }
    return found;
  }

  /**
   * Looks for the keywords that begin in `from` to `to`, and where they end for their programs.
   *
   * @returns where no keyword is begun any more
   */
  #walk(search: Search, from: number, to: number): number {
    const { classes, next, classCount } = this.#automaton;
    const { bytes, limit, found } = search;
    const { length } = bytes;
    let state = 0;
    let at = from;
    for (; at < length && (state !== 0 || at < to); at++) {
      state = next[state + (classes[bytes[at] as number] as number)] as number;
      if (state >= 0) continue;
      state = -state - 1;
      const runs = search.runs ??= new Int32Array(2 * this.#steps);
      for (const program of this.#programs[state / classCount] as readonly PatternProgram[]) {
        const match = matchAt(program, bytes, at + 1, runs);
        if (match && add(found, match) && found.length >= limit) return length;
      }
    }
    return at;
  }
}

/** One search of a text. */
interface Search {
  readonly bytes: Uint8Array;
  readonly limit: number;
  readonly found: ViewMatch[];
  /** Made when a keyword is found. */
  runs: Runs | undefined;
}

/** What is shorter behind a keyword is not the random part: that stands in front of the keyword. */
const MIN_RANDOM = 12;

/** The match of a program whose keyword ends at `end`. */
function matchAt(
  program: PatternProgram,
  bytes: Uint8Array,
  end: number,
  runs: Runs,
): ViewMatch | undefined {
  const { keyword, before, context, between, after, front, back } = program;
  const head = end - keyword.length;
  if (end < bytes.length && back[bytes[end] as number] === 0) return undefined;
  if (head > 0 && front[bytes[head - 1] as number] === 0) return undefined;
  const start = between
    ? walkForward(between, bytes, end, runs)
    : walkBackward(before, bytes, head, runs);
  if (start < 0 || walkBackward(context, bytes, between ? head : start, runs) < 0) return undefined;
  const last = walkForward(after, bytes, between ? start : end, runs);
  if (last < 0) return undefined;
  const random = between || last - end >= MIN_RANDOM
    ? { start: between ? start : end, end: last }
    : { start, end: head };
  if (!isPlausible(program.pattern, bytes, { start, end: last, random })) return undefined;
  return { id: program.pattern.id, writtenAs: AS_IT_IS, start, end: last };
}

/** Adds a match unless it lies within one that is there; takes out those that lie within it. */
function add(found: ViewMatch[], match: ViewMatch): boolean {
  for (let last = found.at(-1); last; last = found.at(-1)) {
    if (last.start <= match.start && match.end <= last.end) return false;
    if (match.start > last.start || last.end > match.end) break;
    found.pop();
  }
  found.push(match);
  return true;
}
