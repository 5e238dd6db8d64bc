/** One to several bytes of a set, as many as there are. */
export interface Step {
  /** 1 at each byte that belongs to the set. */
  readonly set: Uint8Array;
  readonly min: number;
  readonly max: number;
}

/** One way to match: no choice is left in it. */
export interface Sequence {
  /** What must stand in front without being a part of the match. */
  readonly context: readonly Step[];
  readonly steps: readonly Step[];
}

/** Bound on the sequences that one pattern stands for. */
const MAX_SEQUENCES = 512;

/**
 * Reads a pattern written in the part of JavaScript's syntax that needs no backtracking: literal
 * characters, escapes, `[...]`, `(?:a|b)`, a leading `(?<=...)`, and the quantifiers `?`, `{n}` and
 * `{n,m}`. Repetition takes all it can and gives nothing back, so matching is linear. All that has
 * no bound (`*`, `+`, `{n,}`) is not part of it.
 *
 * @throws SyntaxError for anything else; patterns are part of the program, so this is a defect
 */
export function parseRegex(source: string): readonly Sequence[] {
  const reader = new Reader(source);
  const contexts = reader.take("(?<=") ? reader.alternatives(")") : [[]];
  const bodies = reader.alternatives("");
  return contexts.flatMap((context) => bodies.map((steps) => ({ context, steps })));
}

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Reads `a|b|c` up to the given end and past it. */
  alternatives(end: "" | ")"): Step[][] {
    const all: Step[][] = [];
    let current: Step[][] = [[]];
    while (true) {
      if (this.#at >= this.#source.length) {
        if (end !== "") throw this.#error("a group does not end");
        return [...all, ...current];
      }
      if (end !== "" && this.take(end)) return [...all, ...current];
      if (this.take("|")) {
        all.push(...current);
        current = [[]];
        continue;
      }
      current = this.#append(current);
    }
  }

  #append(heads: Step[][]): Step[][] {
    const tails = this.take("(?:") ? this.#group() : [[this.#atom()]];
    const joined = heads.flatMap((head) => tails.map((tail) => [...head, ...tail]));
    if (joined.length > MAX_SEQUENCES) throw this.#error("it has too many alternatives");
    return joined;
  }

  #group(): Step[][] {
    const inner = this.alternatives(")");
    const { min, max } = this.#quantifier();
    const all: Step[][] = [];
    let repeated: Step[][] = [[]];
    for (let count = 0; count <= max; count++) {
      if (count >= min) all.unshift(...repeated);
      repeated = repeated.flatMap((head) => inner.map((tail) => [...head, ...tail]));
    }
    return all;
  }

  #atom(): Step {
    const set = new Uint8Array(256);
    if (this.take("[")) this.#members(set);
    else set[this.#character("?*+{}()|]^$.")] = 1;
    return { set, ...this.#quantifier() };
  }

  #members(set: Uint8Array): void {
    while (!this.take("]")) {
      const first = this.#character("[^");
      const ranged = this.#source[this.#at] === "-" && this.#source[this.#at + 1] !== "]";
      if (ranged) this.#at += 1;
      set.fill(1, first, (ranged ? this.#character("[^") : first) + 1);
    }
  }

  #character(special: string): number {
    const character = this.#source[this.#at++] ?? "";
    if (character === "\\") return this.#escape();
    if (character === "" || special.includes(character)) {
      throw this.#error(`"${character}" means nothing here`);
    }
    return character.charCodeAt(0);
  }

  #escape(): number {
    const character = this.#source[this.#at++] ?? "";
    const control = { n: 10, r: 13, t: 9 }[character];
    if (control !== undefined) return control;
    if (character === "" || /[A-Za-z0-9]/.test(character)) throw this.#error("unknown escape");
    return character.charCodeAt(0);
  }

  #quantifier(): { readonly min: number; readonly max: number } {
    if (this.take("?")) return { min: 0, max: 1 };
    const written = /^\{(\d+)(?:,(\d+))?\}/.exec(this.#source.slice(this.#at));
    if (!written) return { min: 1, max: 1 };
    this.#at += written[0].length;
    const min = Number(written[1]);
    return { min, max: Number(written[2] ?? min) };
  }

  #error(what: string): SyntaxError {
    return new SyntaxError(`Cannot read the pattern ${this.#source}: ${what} (at ${this.#at})`);
  }
}
