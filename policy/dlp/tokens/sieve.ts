import type { Program } from "./program.ts";

/** A text is not worth a sieve unless it has so many bytes. */
const LEAST_LENGTH = 96;

/** A keyword begins at most so many bytes before what is found of it. */
export const MOST_BEFORE = 12;

const [BEGINS, ENDS] = [1, 2];

/** Bytes that may stand at a place. */
type Bytes = readonly number[];

/** Two bytes that are looked at, with a third one beside them, of a keyword and its neighbours. */
interface Triple {
  readonly sets: readonly Bytes[];
  /** Which two of the three: those that begin it, or those that end it. */
  readonly kind: number;
}

/**
 * Tells where a text may hold a keyword, by a look at two bytes at each second place: each keyword
 * has two bytes in a row that are rare in text at an even, and two at an odd place.
 */
export class Sieve {
  /** For two bytes as they are read at once: 1 where they are of a keyword. */
  readonly #pairs = new Uint8Array(2 ** 16);
  /** A bit for each three bytes of ASCII. */
  readonly #triples = new Uint32Array(2 ** 16);

  constructor(programs: readonly Program[]) {
    const triples = programs.flatMap((program) => [rarest(program, 0), rarest(program, 1)]);
    for (const { sets: [first = [], second = [], third = []], kind } of triples) {
      for (const a of first) {
        for (const b of second) {
          if (kind === BEGINS) this.#pairs[wordOf(a, b)] = 1;
          for (const c of third) {
            if (kind === ENDS) this.#pairs[wordOf(b, c)] = 1;
            const at = tripleOf(a, b, c);
            this.#triples[at >>> 5] = (this.#triples[at >>> 5] as number) | 1 << (at & 31);
          }
        }
      }
    }
  }

  /**
   * The places of a text, in order, near which a keyword may stand: two bytes of each.
   *
   * @returns `undefined` for a text so short that looking at all of it is cheaper
   */
  over(bytes: Uint8Array): ((from: number) => number) | undefined {
    if (bytes.length < LEAST_LENGTH) return undefined;
    const lead = bytes.byteOffset & 1;
    const words = new Uint16Array(
      bytes.buffer,
      bytes.byteOffset + lead,
      (bytes.length - lead) >> 1,
    );
    return (from) => this.#next(bytes, words, { from, lead });
  }

  #next(
    bytes: Uint8Array,
    words: Uint16Array,
    { from, lead }: { readonly from: number; readonly lead: number },
  ): number {
    const pairs = this.#pairs;
    let at = Math.max(0, from - lead + 1 >> 1);
    const fours = words.length - 3;
    for (;;) {
      while (
        at < fours &&
        ((pairs[words[at] as number] as number) | (pairs[words[at + 1] as number] as number) |
            (pairs[words[at + 2] as number] as number) |
            (pairs[words[at + 3] as number] as number)) === 0
      ) at += 4;
      const stop = Math.min(at + 4, words.length);
      for (; at < stop; at++) {
        if (pairs[words[at] as number] === 0) continue;
        if (this.#isTriple(bytes, 2 * at + lead)) return 2 * at + lead;
      }
      if (at >= words.length) return -1;
    }
  }

  #isTriple(bytes: Uint8Array, at: number): boolean {
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const before = at > 0 ? bytes[at - 1] as number : 0;
    const after = at + 2 < bytes.length ? bytes[at + 2] as number : 0;
    return this.#has(tripleOf(first, second, after)) || this.#has(tripleOf(before, first, second));
  }

  #has(triple: number): boolean {
    return ((this.#triples[triple >>> 5] as number) >>> (triple & 31) & 1) !== 0;
  }
}

/** Two bytes as they are read at once. */
function wordOf(first: number, second: number): number {
  return IS_LITTLE ? second << 8 | first : first << 8 | second;
}

const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** One number for three bytes of ASCII; with other bytes it may be that of three others. */
function tripleOf(first: number, second: number, third: number): number {
  return (first & 0x7f) << 14 | (second & 0x7f) << 7 | third & 0x7f;
}

/** The two sets in a row of a program's keyword and its neighbours that text holds least often. */
function rarest({ keyword, front, back }: Program, parity: number): Triple {
  const sets = [members(front), ...Array.from(keyword, (byte) => [byte]), members(back)];
  let best: Triple = { sets, kind: BEGINS };
  let least = Infinity;
  for (let at = parity; at + 2 <= sets.length && at <= MOST_BEFORE; at += 2) {
    const cost = costOf(sets.slice(at, at + 2));
    if (cost >= least) continue;
    least = cost;
    const isLast = at + 3 > sets.length || (at > 0 &&
      costOf(sets.slice(at - 1, at + 1)) < costOf(sets.slice(at + 1, at + 3)));
    const first = isLast ? at - 1 : at;
    best = { sets: sets.slice(first, first + 3), kind: isLast ? ENDS : BEGINS };
  }
  return best;
}

/** How often two of the sets follow each other in text and programs, roughly. */
function costOf([first = [], second = []]: readonly Bytes[]): number {
  if (first.length * second.length > MOST_PAIRS) return Infinity;
  let cost = 0;
  for (const a of first) {
    for (const b of second) {
      const isUsual = USUAL.has(String.fromCharCode(a, b));
      cost += commonness(a) * commonness(b) * (isUsual ? 4 : 1);
    }
  }
  return cost;
}

/** What pairs of more kinds of bytes is in any text. */
const MOST_PAIRS = 128;

function members(set: Uint8Array): Bytes {
  const all: number[] = [];
  for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) all.push(byte);
  return all;
}

/** Letters of English text from the most common one on. */
const COMMON = "etaoinsrhldcumfpgwybvkxjqz";

/** Letters that follow each other more often than they would by chance. */
const USUAL: ReadonlySet<string> = new Set(
  ("th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve " +
    "co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ec ss no us ct et pe tr so em tu ta " +
    "ex ge ke ot pa bo la ly wh qu sc fo mp nk cr ap").split(" "),
);

function commonness(byte: number): number {
  const place = COMMON.indexOf(String.fromCharCode(byte));
  if (place >= 0) return 28 - place;
  return byte === 0x20 ? 30 : byte === 0x2e ? 8 : byte >= 0x30 && byte <= 0x39 ? 2 : 1;
}
