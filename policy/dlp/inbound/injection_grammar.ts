import data from "./injection_phrases.json" with { type: "json" };

/** What a phrase tries: to have the reader forget its instructions, or tell what it must not. */
export type InjectionFamily = "override" | "disclosure";

/** A phrase that was found. */
export interface PhraseHit {
  readonly id: string;
  readonly family: InjectionFamily;
  /** Where it begins and ends, in characters of normalised text. */
  readonly start: number;
  readonly end: number;
}

/** One way in which a word takes a phrase a step further. */
interface Move {
  /** Where the phrase's progress up to this word is kept. */
  readonly slot: number;
  readonly first: boolean;
  /** Most words from the phrase's word before to this one. */
  readonly gap: number;
  /** Set at the phrase's last word. */
  readonly done?: { readonly id: string; readonly family: InjectionFamily };
}

/** Every word of every phrase, with what it does; a later step of a phrase comes first. */
const MOVES: ReadonlyMap<string, readonly Move[]> = buildMoves();
const SLOTS = data.phrases.reduce((sum, { words }) => sum + words.length, 0);

/** The words that the phrases are made of: lower case, `a` to `z`. */
export const PHRASE_WORDS: readonly string[] = Object.freeze([...MOVES.keys()]);

const MOVES_OF: readonly (readonly Move[])[] = PHRASE_WORDS.map((word) => MOVES.get(word) ?? []);

function buildMoves(): Map<string, Move[]> {
  const moves = new Map<string, Move[]>();
  const classes: Readonly<Record<string, string>> = data.words;
  let slot = 0;
  for (const { id, family, words, gap } of data.phrases) {
    for (const [step, name] of words.entries()) {
      const last = step === words.length - 1;
      const done = last && { done: { id, family: family as InjectionFamily } };
      const move: Move = { slot, first: step === 0, gap, ...done };
      for (const word of (classes[name] ?? "").split(" ")) {
        moves.set(word, [move, ...moves.get(word) ?? []]);
      }
      slot++;
    }
  }
  return moves;
}

/** Most characters between two words of a phrase, whatever they are. */
const MOST_BETWEEN = 100;

/**
 * Follows all phrases through one reading of a text, word by word. For each word of a phrase it
 * keeps the last place where the phrase was found up to there, which is the best for what follows.
 */
export class PhraseFollower {
  readonly #words = new Int32Array(SLOTS).fill(-1_000_000);
  readonly #starts = new Int32Array(SLOTS);
  readonly #ends = new Int32Array(SLOTS);
  readonly #onHit: (hit: PhraseHit) => void;

  constructor(onHit: (hit: PhraseHit) => void) {
    this.#onHit = onHit;
  }

  /**
   * Takes a word of {@linkcode PHRASE_WORDS} by its index there, with the number of the word in the
   * text and its characters' range.
   */
  take(word: number, at: number, start: number, end: number): void {
    for (const { slot, first, gap, done } of MOVES_OF[word] as readonly Move[]) {
      if (!first) {
        if (at - (this.#words[slot - 1] as number) > gap) continue;
        if (start - (this.#ends[slot - 1] as number) > MOST_BETWEEN) continue;
      }
      const from = first ? start : this.#starts[slot - 1] as number;
      this.#words[slot] = at;
      this.#starts[slot] = from;
      this.#ends[slot] = end;
      if (done) this.#onHit({ ...done, start: from, end });
    }
  }
}
