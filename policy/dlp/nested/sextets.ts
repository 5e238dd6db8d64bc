import { SEXTET } from "./base64.ts";

/** Bytes between two notes of how many digits came before. */
const MARK_EVERY = 512;
const BACKSLASH = 0x5c;

/** A text reduced to its base64 digits, whatever stands between them. Filled for each text. */
export class Sextets {
  readonly digits: Uint8Array;
  #count = 0;
  #bytes: Uint8Array = new Uint8Array();
  readonly #marks: number[] = [];

  /** @param digits room for as many digits as the text has bytes, and one more */
  constructor(bytes: Uint8Array, digits: Uint8Array) {
    this.digits = digits;
    this.#bytes = bytes;
    let count = 0;
    for (let from = 0; from < bytes.length; from += MARK_EVERY) {
      this.#marks.push(count);
      count = project(bytes, from, { digits, count });
    }
    this.#count = count;
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
  into: { digits: Uint8Array; count: number },
): number {
  const { digits } = into;
  let { count } = into;
  const to = Math.min(bytes.length, from + MARK_EVERY);
  for (let at = bytes[from - 1] === BACKSLASH ? from + 1 : from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === BACKSLASH) {
      if (bytes[at + 1] !== BACKSLASH) at++;
      continue;
    }
    const sextet = SEXTET[byte] as number;
    digits[count] = sextet;
    count += (sextet >> 6) ^ 1;
  }
  return count;
}
