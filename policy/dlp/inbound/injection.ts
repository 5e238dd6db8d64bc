import type { InjectionFamily, PhraseHit } from "./injection_grammar.ts";
import { InjectionReader } from "./injection_reader.ts";

/** What is to be done about a text so far. It never gets milder as the text goes on. */
export interface InjectionVerdict {
  readonly level: "clean" | "warn" | "block";
  /** The families of which a phrase was found, in the order of finding. */
  readonly families: readonly InjectionFamily[];
  /** Ids of the phrases that were found; nothing of the text itself. */
  readonly phrases: readonly string[];
}

/** Looks for attempts to take over a reader of text that arrives in chunks. */
export interface InjectionScan {
  /**
   * Takes bytes of UTF-8, however they are cut, and gives the verdict on all up to here. A word
   * that has not ended yet does not count yet.
   */
  push(utf8: Uint8Array): InjectionVerdict;
  /** The verdict on the whole. */
  end(): InjectionVerdict;
}

/** Phrases of both families this near to each other are an attack, in characters. */
const NEAR = 500;

/** Makes the scan of one text. Its time is linear in the text's length, its memory constant. */
export function createInjectionScan(): InjectionScan {
  return new Scan();
}

class Scan implements InjectionScan {
  readonly #reader = new InjectionReader((hit) => this.#note(hit));
  readonly #ends = new Map<InjectionFamily, number>();
  readonly #phrases = new Set<string>();
  #near = false;
  #verdict: InjectionVerdict = Object.freeze({ level: "clean", families: [], phrases: [] });

  push(utf8: Uint8Array): InjectionVerdict {
    this.#reader.push(utf8);
    return this.#verdict;
  }

  end(): InjectionVerdict {
    this.#reader.end();
    return this.#verdict;
  }

  #note({ id, family, start, end }: PhraseHit): void {
    const other = this.#ends.get(family === "override" ? "disclosure" : "override");
    const near = this.#near || other !== undefined && start - other <= NEAR;
    const known = near === this.#near && this.#phrases.has(id);
    this.#ends.set(family, end);
    if (known) return;
    this.#near = near;
    this.#phrases.add(id);
    this.#verdict = Object.freeze({
      level: near ? "block" : "warn",
      families: Object.freeze([...this.#ends.keys()]),
      phrases: Object.freeze([...this.#phrases]),
    });
  }
}
