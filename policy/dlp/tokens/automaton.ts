/** A byte automaton that finds every occurrence of a set of keywords in one pass (Aho-Corasick). */
export interface Automaton {
  /** Class of each byte; bytes that no keyword has share class 0. */
  readonly classes: Uint8Array;
  /**
   * Next state for a state and a class, at `state + class`; states are multiples of the number of
   * classes. A state in which keywords end is stored as `-state - 1`, so that the scan's inner loop
   * has one comparison.
   */
  readonly next: Int32Array;
  /** Numbers of the keywords that end in a state, longest first, by `state / classCount`. */
  readonly ends: readonly (readonly number[])[];
  readonly classCount: number;
}

/** Builds the automaton of some keywords (bytes, none empty). */
export function buildAutomaton(keywords: readonly Uint8Array[]): Automaton {
  const { classes, classCount } = classify(keywords);
  const { children, ends } = growTrie(keywords, classes, classCount);
  const order = linkFailures(children, ends, classCount);
  const next = new Int32Array(order.length * classCount);
  for (const state of order) {
    for (let of = 0; of < classCount; of++) {
      const target = children[state * classCount + of] ?? 0;
      const at = target * classCount;
      next[state * classCount + of] = ends[target]?.length ? -at - 1 : at;
    }
  }
  return { classes, next, ends, classCount };
}

function classify(
  keywords: readonly Uint8Array[],
): { readonly classes: Uint8Array; readonly classCount: number } {
  const classes = new Uint8Array(256);
  let classCount = 1;
  for (const byte of keywords.flatMap((keyword) => [...keyword])) {
    if (classes[byte] === 0) classes[byte] = classCount++;
  }
  return { classes, classCount };
}

/** Children of each state by class, -1 where there is none, and the keywords that end in it. */
function growTrie(
  keywords: readonly Uint8Array[],
  classes: Uint8Array,
  classCount: number,
): { readonly children: Int32Array; readonly ends: number[][] } {
  const most = keywords.reduce((sum, keyword) => sum + keyword.length, 1);
  const children = new Int32Array(most * classCount).fill(-1);
  const ends: number[][] = [[]];
  for (const [number, keyword] of keywords.entries()) {
    let state = 0;
    for (const byte of keyword) {
      const at = state * classCount + (classes[byte] ?? 0);
      if ((children[at] ?? -1) < 0) children[at] = ends.push([]) - 1;
      state = children[at] ?? 0;
    }
    ends[state]?.push(number);
  }
  return { children, ends };
}

/** Turns the trie into an automaton in place; gives all states, those nearest to the root first. */
function linkFailures(children: Int32Array, ends: number[][], classCount: number): number[] {
  const failure = new Int32Array(ends.length);
  const order = [0];
  for (let read = 0; read < order.length; read++) {
    const state = order[read] ?? 0;
    const back = failure[state] ?? 0;
    if (state !== 0) ends[state]?.push(...ends[back] ?? []);
    for (let of = 0; of < classCount; of++) {
      const at = state * classCount + of;
      const inherited = state === 0 ? 0 : children[back * classCount + of] ?? 0;
      const child = children[at] ?? -1;
      if (child < 0) {
        children[at] = inherited;
      } else {
        failure[child] = inherited;
        order.push(child);
      }
    }
  }
  return order;
}
