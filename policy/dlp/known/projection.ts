import { CODE_OF, MAY_ESCAPE } from "./alphabet.ts";
import { escapedAlphanumerics } from "./escape.ts";

/** Bytes between two notes of how many codes came before. */
const MARK_EVERY = 4096;
/** A larger buffer is not kept for the next text. */
const MAX_KEPT = 4 * 1024 * 1024;

/** A text reduced to the codes of its alphanumerics. Made once, filled for each text. */
export class Projection {
  /** A 0, the codes, a 0; further bytes mean nothing. */
  codes = new Uint8Array(0);
  /** Behind the last code: codes stand from 1 to `end`. */
  end = 1;
  /** Where the codes of an escape begin that may stand for no alphanumeric, in order. */
  readonly escapes: number[] = [];
  /** How many codes each of those escapes has. */
  readonly escapeLengths: number[] = [];
  /** Does the escape's backslash stand behind another, and may hence be a plain one? */
  readonly escapeDoubted: boolean[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #marks: number[] = [];

  fill(bytes: Uint8Array): void {
    if (this.codes.length < bytes.length + 2 || this.codes.length > MAX_KEPT) {
      this.codes = new Uint8Array(Math.max(bytes.length + 2, 2 ** 16));
    }
    this.#bytes = bytes;
    this.#marks.length = 0;
    this.escapes.length = this.escapeLengths.length = this.escapeDoubted.length = 0;
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
  }

  #project(from: number, to: number, first: number): number {
    const { codes } = this;
    const bytes = this.#bytes;
    let end = first;
    for (let at = from; at < to; at++) {
      const code = CODE_OF[bytes[at] as number] as number;
      if (code === MAY_ESCAPE) {
        this.#noteEscape(at, end);
      } else {
        codes[end] = code;
        end += code === 0 ? 0 : 1;
      }
    }
    return end;
  }

  #noteEscape(at: number, end: number): void {
    const { count, isDoubted } = escapedAlphanumerics(this.#bytes, at);
    if (count === 0) return;
    this.escapes.push(end);
    this.escapeLengths.push(count);
    this.escapeDoubted.push(isDoubted);
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
    for (let at = low * MARK_EVERY;; at++) {
      const code = CODE_OF[this.#bytes[at] as number] as number;
      if (code !== 0 && code !== MAY_ESCAPE && left-- === 0) return at;
    }
  }
}
