import { isLead, isLeadAt } from "../views/interest.ts";
import { SEXTET } from "./base64.ts";

/** Bytes between two notes of how many digits came before. */
const MARK_EVERY = 512;
const BACKSLASH = 0x5c;

const NO_DIGIT = 0x40;
const LEAD = 0x80;

/** As SEXTET, and whether a byte may begin what a view changes. */
const DIGIT: Uint8Array = SEXTET.map((sextet, byte) =>
  sextet === 64 ? NO_DIGIT | (isLead(byte) ? LEAD : 0) : sextet
);

/** A text reduced to its base64 digits, whatever stands between them. Filled for each text. */
export class Sextets {
  readonly digits: Uint8Array;
  /** Where a view may read differently than the text. */
  readonly leads: number[] = [];
  readonly #count: number;
  readonly #bytes: Uint8Array;
  readonly #marks: number[] = [];

  /** @param digits room for as many digits as the text has bytes, and one more */
  constructor(bytes: Uint8Array, digits: Uint8Array) {
    this.digits = digits;
    this.#bytes = bytes;
    const into: Projection = { digits, leads: this.leads, count: 0 };
    for (let from = 0; from < bytes.length; from += MARK_EVERY) {
      this.#marks.push(into.count);
      project(bytes, from, into);
    }
    this.#count = into.count;
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
    return SEXTET[this.#bytes[at] as number] !== 64 && !isEscaped(this.#bytes, at);
  }
}

interface Projection {
  readonly digits: Uint8Array;
  readonly leads: number[];
  count: number;
}

/** Four bytes at a time, where none of them begins what a view changes. */
function project(bytes: Uint8Array, from: number, into: Projection): void {
  const { digits } = into;
  let { count } = into;
  const to = Math.min(bytes.length, from + MARK_EVERY);
  let at = isEscaped(bytes, from) ? from + 1 : from;
  while (at < to) {
    for (; at + 4 <= to; at += 4) {
      const a = DIGIT[bytes[at] as number] as number;
      const b = DIGIT[bytes[at + 1] as number] as number;
      const c = DIGIT[bytes[at + 2] as number] as number;
      const d = DIGIT[bytes[at + 3] as number] as number;
      if (((a | b | c | d) & LEAD) !== 0) break;
      digits[count] = a;
      count += (a >> 6) ^ 1;
      digits[count] = b;
      count += (b >> 6) ^ 1;
      digits[count] = c;
      count += (c >> 6) ^ 1;
      digits[count] = d;
      count += (d >> 6) ^ 1;
    }
    const last = Math.min(to, at + 4);
    into.count = count;
    while (at < last) at = projectOne(bytes, at, into);
    count = into.count;
  }
  into.count = count;
}

/** A letter behind a backslash is the end of an escape: no digit. Tells where to go on. */
function projectOne(bytes: Uint8Array, at: number, into: Projection): number {
  const byte = bytes[at] as number;
  const digit = DIGIT[byte] as number;
  if ((digit & LEAD) !== 0 && isLeadAt(bytes, at)) into.leads.push(at);
  if (byte === BACKSLASH) return bytes[at + 1] === BACKSLASH ? at + 1 : at + 2;
  into.digits[into.count] = digit;
  if (digit < NO_DIGIT) into.count++;
  return at + 1;
}

/** Is the byte passed over, since a backslash stands before it? */
function isEscaped(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 1] === BACKSLASH && bytes[at] !== BACKSLASH;
}
