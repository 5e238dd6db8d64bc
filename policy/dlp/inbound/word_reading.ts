import { PHRASE_WORDS, PhraseFollower, type PhraseHit } from "./injection_grammar.ts";
import { addLetter, putInFront, WordTable } from "./word_table.ts";

const TABLE = new WordTable(PHRASE_WORDS);
/** Longer than any word of a phrase. */
const MOST_LETTERS = 24;

/** One way to read a text as words: the word that is being read, and the phrases so far. */
export class WordReading {
  hash = 0;
  length = 0;
  /** Position behind the last letter. */
  #end = 0;
  /**
   * A letter that may have been an escape (`\n`) or the first of this word (`\new`); 0 when there
   * is none.
   */
  #doubtful = 0;
  #words = 0;
  readonly #follower: PhraseFollower;

  constructor(onHit: (hit: PhraseHit) => void) {
    this.#follower = new PhraseFollower(onHit);
  }

  /** Takes over a word that was read elsewhere up to here. */
  resume(hash: number, length: number, end: number): void {
    this.hash = hash;
    this.length = length;
    this.#end = end;
  }

  letter(letter: number, end: number): void {
    this.hash = addLetter(this.hash, letter);
    this.length++;
    this.#end = end;
  }

  /** The next word begins with its next letter, or else with `letter`. */
  doubt(letter: number): void {
    this.#doubtful = letter;
  }

  endWord(): void {
    if (this.length > 0) this.take(this.hash, this.length, this.#end);
    this.hash = 0;
    this.length = 0;
  }

  /** A word with this hash ended at a position. */
  take(hash: number, length: number, end: number): void {
    this.#words++;
    if (this.#doubtful !== 0 && length < MOST_LETTERS) {
      this.#follow(TABLE.find(putInFront(this.#doubtful, hash, length)), end - length - 1, end);
    }
    this.#doubtful = 0;
    this.#follow(TABLE.find(hash), end - length, end);
  }

  #follow(word: number, start: number, end: number): void {
    if (word >= 0) this.#follower.take(word, this.#words, start, end);
  }
}
