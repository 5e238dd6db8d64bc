import { ALPHANUMERIC_BIT, CODE_OF, codeOf, MAY_ESCAPE } from "./alphabet.ts";
import { DOUBTED, escapeLength } from "./escape.ts";

/** Bytes between two notes of how many codes came before. */
const MARK_EVERY = 4096;
/** A larger buffer is not kept for the next text. */
const MAX_KEPT = 4 * 1024 * 1024;

/** Escapes, one behind the other, that stand for no alphanumerics though these write them. */
export interface Escape {
  /** The first of its codes. */
  readonly start: number;
  /** Behind the last of its codes; further escapes may follow at once. */
  end: number;
  /** Its backslash stands behind another, so that it may be plain text. */
  readonly isDoubted: boolean;
}

/** A text reduced to the codes of its alphanumerics. Made once, filled for each text. */
export class Projection {
  /** A 0, the codes, a 0; further bytes mean nothing. */
  codes = new Uint8Array(0);
  /** Behind the last code: codes stand from 1 to `end`. */
  end = 1;
  /** In the order of their place. */
  readonly escapes: Escape[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #marks: number[] = [];

  fill(bytes: Uint8Array): void {
    if (this.codes.length < bytes.length + 2 || this.codes.length > MAX_KEPT) {
      this.codes = new Uint8Array(Math.max(bytes.length + 2, 2 ** 16));
    }
    this.#bytes = bytes;
    this.#marks.length = this.escapes.length = 0;
    let end = 1;
    for (let from = 0; from < bytes.length; from += MARK_EVERY) {
      this.#marks.push(end);
      end = this.#project(from, Math.min(bytes.length, from + MARK_EVERY), end);
    }
    this.codes[end] = 0;
    this.end = end;
  }

  /** Lets go of the text. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.escapes.length = 0;
  }

  /** Four bytes at a time and no branch that depends on them, for this is where the time goes. */
  #project(from: number, to: number, first: number): number {
    const { codes } = this;
    const bytes = this.#bytes;
    const whole = to - ((to - from) & 3);
    let end = first;
    for (let at = from; at < whole; at += 4) {
      const a = CODE_OF[bytes[at] as number] as number;
      const b = CODE_OF[bytes[at + 1] as number] as number;
      const c = CODE_OF[bytes[at + 2] as number] as number;
      const d = CODE_OF[bytes[at + 3] as number] as number;
      if (((a | b | c | d) & MAY_ESCAPE) !== 0) {
        end = this.#projectEscapes(at, at + 4, end);
        continue;
      }
      codes[end] = a;
      end += a >> ALPHANUMERIC_BIT;
      codes[end] = b;
      end += b >> ALPHANUMERIC_BIT;
      codes[end] = c;
      end += c >> ALPHANUMERIC_BIT;
      codes[end] = d;
      end += d >> ALPHANUMERIC_BIT;
    }
    return this.#projectEscapes(whole, to, end);
  }

  #projectEscapes(from: number, to: number, first: number): number {
    let end = first;
    for (let at = from; at < to; at++) {
      const code = CODE_OF[this.#bytes[at] as number] as number;
      if (code === MAY_ESCAPE) {
        const length = escapeLength(this.#bytes, at);
        if (length !== 0) this.#note(end, length);
      } else if (code !== 0) {
        this.codes[end++] = code;
      }
    }
    return end;
  }

  #note(start: number, length: number): void {
    const end = start + (length & ~DOUBTED);
    const isDoubted = (length & DOUBTED) !== 0;
    const before = this.escapes.at(-1);
    if (before?.end === start && before.isDoubted === isDoubted) before.end = end;
    else this.escapes.push({ start, end, isDoubted });
  }

  /** The offset in the text of the byte that the code at `index` stands for. */
  offsetOf(index: number): number {
    let [low, high] = [0, this.#marks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#marks[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    let left = index - (this.#marks[low] ?? 1);
    let at = low * MARK_EVERY;
    while (codeOf(this.#bytes[at] as number) === 0 || left-- > 0) at++;
    return at;
  }
}
