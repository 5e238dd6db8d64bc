import { type EchoForm, foldCase, HEAD } from "./echo_forms.ts";

/** A form with the name of its secret. */
export interface NamedForm extends EchoForm {
  readonly id: string;
}

/** Bytes in a gram. */
export const GRAM = 4;
/** Looking at so many places apart sees a whole gram of each form's first bytes. */
const MAX_STRIDE = HEAD - GRAM + 1;
const FILTER_BITS = 16;
/** Makes letters of either case alike; other bytes stay as good a key as they were. */
const FOLD = 0x20202020;

/** Forms that begin alike: tokens of one format do. */
export interface Family {
  /** Their first bytes. */
  readonly head: Uint8Array;
  readonly forms: NamedForm[];
}

/** Where a form may begin, given a gram of its first bytes. */
export interface Beginning {
  readonly family: Family;
  /** How far behind the form's first byte the gram stands. */
  readonly offset: number;
}

/** Finds where forms may begin by their first bytes. */
export class EchoIndex {
  readonly stride: number;
  /** Set for a spread gram that some form has. */
  readonly filter = new Uint8Array(2 ** FILTER_BITS);
  readonly #beginnings = new Map<number, Beginning[]>();
  /** Families by their first two bytes, and whether a pair or a lone byte begins any. */
  readonly #byPair = new Map<number, Family[]>();
  readonly #isPair = new Uint8Array(2 ** 16);
  readonly #isFirst = new Uint8Array(2 ** 8);

  constructor(forms: readonly NamedForm[]) {
    const shortest = forms.reduce((least, { text }) => Math.min(least, text.length), Infinity);
    this.stride = Math.min(MAX_STRIDE, shortest - GRAM + 1);
    for (const family of familiesOf(forms)) {
      const { head } = family;
      for (let offset = 0; offset < this.stride; offset++) {
        const gram = gramAt(head, offset);
        this.filter[spread(gram)] = 1;
        this.#beginnings.set(gram, [...this.#beginnings.get(gram) ?? [], { family, offset }]);
      }
      const pair = pairAt(head, 0);
      this.#byPair.set(pair, [...this.#byPair.get(pair) ?? [], family]);
      this.#isPair[pair] = this.#isFirst[head[0] as number] = 1;
    }
  }

  beginnings(gram: number): readonly Beginning[] {
    return this.#beginnings.get(gram) ?? [];
  }

  /** Where the last bytes begin that are too few to hold a gram and may yet be a beginning. */
  tailStart(bytes: Uint8Array): number {
    const last = bytes.length - 1;
    for (let at = Math.max(0, bytes.length - (this.stride + GRAM - 2)); at < last; at++) {
      const pair = pairAt(bytes, at);
      if (this.#isPair[pair] === 0) continue;
      if (this.#byPair.get(pair)?.some(({ head }) => agrees(head, bytes, at))) return at;
    }
    const isBeginning = last >= 0 && this.#isFirst[foldCase(bytes[last] as number)] !== 0;
    return isBeginning ? last : bytes.length;
  }
}

function pairAt(bytes: Uint8Array, at: number): number {
  return foldCase(bytes[at] as number) | (foldCase(bytes[at + 1] as number) << 8);
}

function familiesOf(forms: readonly NamedForm[]): Iterable<Family> {
  const families = new Map<string, Family>();
  for (const form of forms) {
    const head = form.text.subarray(0, HEAD);
    const family = families.get(head.join()) ?? { head, forms: [] };
    family.forms.push(form);
    families.set(head.join(), family);
  }
  return families.values();
}

/** Do the bytes from `start` on agree with a head, as far as there are any? */
export function agrees(head: Uint8Array, bytes: Uint8Array, start: number): boolean {
  const length = Math.min(head.length, bytes.length - start);
  for (let n = 0; n < length; n++) {
    if (foldCase(bytes[start + n] as number) !== head[n]) return false;
  }
  return true;
}

/** The gram at a place, the same for letters of either case. */
export function gramAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) | FOLD;
}

export function spread(gram: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> (32 - FILTER_BITS);
}
