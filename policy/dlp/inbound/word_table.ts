const SIZE = 4096;
const FACTOR = 33;

/** The hash of a word with one more letter. */
export function addLetter(hash: number, letter: number): number {
  return Math.imul(hash, FACTOR) + letter | 0;
}

/** The hash of a word of `length` letters with one more in front. */
export function putInFront(letter: number, hash: number, length: number): number {
  let front = letter;
  for (let index = 0; index < length; index++) front = Math.imul(front, FACTOR);
  return front + hash | 0;
}

/** Finds the number of a word by its hash alone; no two words of a table share a hash. */
export class WordTable {
  /** Index and hash of a word for each bucket; an empty one has the index -1. */
  readonly #indexes = new Int16Array(SIZE).fill(-1);
  readonly #hashes = new Int32Array(SIZE);

  constructor(words: readonly string[]) {
    for (const [index, word] of words.entries()) {
      let hash = 0;
      for (let at = 0; at < word.length; at++) hash = addLetter(hash, word.charCodeAt(at));
      let bucket = hash & SIZE - 1;
      while (this.#indexes[bucket] !== -1) bucket = bucket + 1 & SIZE - 1;
      this.#indexes[bucket] = index;
      this.#hashes[bucket] = hash;
    }
  }

  /** Index of the word with this hash, or -1. */
  find(hash: number): number {
    let bucket = hash & SIZE - 1;
    while ((this.#indexes[bucket] as number) >= 0) {
      if (this.#hashes[bucket] === hash) return this.#indexes[bucket] as number;
      bucket = bucket + 1 & SIZE - 1;
    }
    return -1;
  }
}
