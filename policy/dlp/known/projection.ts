import { ALPHANUMERIC_BIT, CODE_OF, codeOf, MAY_ESCAPE } from "./alphabet.ts";
import { DOUBTED, escapeLength, MAY_FOLLOW } from "./escape.ts";
import { EscapeList } from "./escape_list.ts";

/** Bytes between two notes of how many codes came before. */
const MARK_EVERY = 4096;
/** A larger buffer is not kept for the next text. */
const MAX_KEPT = 4 * 1024 * 1024;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** A text reduced to the codes of its alphanumerics. Made once, filled for each text. */
export class Projection {
  /** A 0, the codes, a 0; further bytes mean nothing. */
  codes = new Uint8Array(2 ** 16);
  /** Behind the last code: codes stand from 1 to `end`. */
  end = 1;
  readonly escapes = new EscapeList();
  #bytes = NO_BYTES;
  readonly #marks: number[] = [];

  fill(bytes: Uint8Array): void {
    if (this.codes.length < bytes.length + 2 || this.codes.length > MAX_KEPT) {
      this.codes = new Uint8Array(Math.max(bytes.length + 2, 2 ** 16));
    }
    this.#bytes = bytes;
    this.#marks.length = 0;
    this.escapes.clear();
    this.end = 1;
    for (let from = 0; from < bytes.length; from += MARK_EVERY) {
      this.#marks.push(this.end);
      this.#project(from, Math.min(bytes.length, from + MARK_EVERY));
    }
    this.codes[this.end] = 0;
  }

  /** Lets go of the text. */
  clear(): void {
    this.#bytes = NO_BYTES;
    this.escapes.clear();
  }

  #project(from: number, to: number): void {
    for (let at = from; at < to;) {
      at = this.#projectFours(at, to);
      const stop = Math.min(at + 4, to);
      this.#projectOnes(at, stop);
      at = stop;
    }
  }

  /**
   * Four bytes at a time, up to four that may hold an escape, and no branch for each byte: this is
   * where the time goes.
   */
  #projectFours(from: number, to: number): number {
    const { codes } = this;
    const bytes = this.#bytes;
    let end = this.end;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      const a = CODE_OF[bytes[at] as number] as number;
      const b = CODE_OF[bytes[at + 1] as number] as number;
      const c = CODE_OF[bytes[at + 2] as number] as number;
      const d = CODE_OF[bytes[at + 3] as number] as number;
      if (((a | b | c | d) & MAY_ESCAPE) !== 0) break;
      codes[end] = a;
      end += a >> ALPHANUMERIC_BIT;
      codes[end] = b;
      end += b >> ALPHANUMERIC_BIT;
      codes[end] = c;
      end += c >> ALPHANUMERIC_BIT;
      codes[end] = d;
      end += d >> ALPHANUMERIC_BIT;
    }
    this.end = end;
    return at;
  }

  #projectOnes(from: number, to: number): void {
    const { codes } = this;
    const bytes = this.#bytes;
    let end = this.end;
    for (let at = from; at < to; at++) {
      const code = CODE_OF[bytes[at] as number] as number;
      if (code !== MAY_ESCAPE) {
        codes[end] = code;
        end += code >> ALPHANUMERIC_BIT;
        continue;
      }
      if (MAY_FOLLOW[bytes[at + 1] ?? 0] === 0) continue;
      const length = escapeLength(bytes, at);
      if (length !== 0) this.escapes.add(end, end + (length & ~DOUBTED), length >= DOUBTED);
    }
    this.end = end;
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
