import { ALL_KINDS, isLead } from "../views/interest.ts";
import { SEXTET } from "./base64.ts";

/** Bytes between two notes of how many digits came before. */
const MARK_EVERY = 512;
const BACKSLASH = 0x5c;

const NO_DIGIT = 0x40;
const LEAD = 0x80;

/** As SEXTET, and whether a byte may begin what a view changes. */
const DIGIT: Uint8Array = SEXTET.map((sextet, byte) =>
  sextet === 64 ? NO_DIGIT | (isLead(byte, ALL_KINDS) ? LEAD : 0) : sextet
);

/** A text reduced to its base64 digits, whatever stands between them. Filled for each text. */
export class Sextets {
  readonly digits: Uint8Array;
  /** May a view read differently than the text? */
  readonly hasLeads: boolean;
  readonly #count: number;
  readonly #bytes: Uint8Array;
  readonly #marks: number[] = [];

  /** @param digits room for as many digits as the text has bytes, and one more */
  constructor(bytes: Uint8Array, digits: Uint8Array) {
    this.digits = digits;
    this.#bytes = bytes;
    const into = { digits, count: 0, seen: 0 };
    for (let from = 0; from < bytes.length; from += MARK_EVERY) {
      this.#marks.push(into.count);
      project(bytes, from, into);
    }
    this.#count = into.count;
    this.hasLeads = (into.seen & LEAD) !== 0;
  }

  get count(): number {
    return this.#count;
  }

  /** How many digits stand before an offset of the text. */
  before(offset: number): number {
    const mark = Math.min(this.#marks.length - 1, Math.floor(offset / MARK_EVERY));
    let count = this.#marks[mark] ?? 0;
    for (let at = mark * MARK_EVERY; at < offset; at++) count += this.#isDigit(at) ? 1 : 0;
    return count;
  }

  /** Answers how many digits stand before offsets that only grow. */
  places(): { before(offset: number): number } {
    let [last, count] = [0, 0];
    return {
      before: (offset) => {
        if (offset - last > MARK_EVERY) count = this.before(offset);
        else for (let at = last; at < offset; at++) count += this.#isDigit(at) ? 1 : 0;
        last = offset;
        return count;
      },
    };
  }

  /** The offset in the text of a digit. */
  offsetOf(digit: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#marks[middle] ?? 0) <= digit) low = middle;
      else high = middle;
    }
    let count = this.#marks[low] ?? 0;
    for (let at = low * MARK_EVERY; at < this.#bytes.length; at++) {
      if (!this.#isDigit(at)) continue;
      if (count === digit) return at;
      count++;
    }
    return this.#bytes.length;
  }

  #isDigit(at: number): boolean {
    return SEXTET[this.#bytes[at] as number] !== 64 && this.#bytes[at - 1] !== BACKSLASH;
  }
}

/** A letter behind a backslash is the end of an escape: no digit. */
function project(
  bytes: Uint8Array,
  from: number,
  into: { readonly digits: Uint8Array; count: number; seen: number },
): void {
  const { digits } = into;
  let { count, seen } = into;
  const to = Math.min(bytes.length, from + MARK_EVERY);
  for (let at = bytes[from - 1] === BACKSLASH ? from + 1 : from; at < to; at++) {
    const byte = bytes[at] as number;
    const digit = DIGIT[byte] as number;
    seen |= digit;
    if (byte === BACKSLASH) {
      if (bytes[at + 1] !== BACKSLASH) at++;
      continue;
    }
    digits[count] = digit;
    count += (digit >> 6 & 1) ^ 1;
  }
  into.count = count;
  into.seen = seen;
}
