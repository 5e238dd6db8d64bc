/** Letters of either case alike, all else as it is. */
const FOLDED = Uint8Array.from(
  { length: 256 },
  (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte),
);

/** Where in bytes some words stand, in either case. Linear but for the length of a word. */
export class Verbatim {
  readonly #word: Uint8Array;
  /** How far the word may move when that byte stands under its end (Horspool). */
  readonly #shift = new Uint8Array(256);

  /** @param word of 1 to 255 bytes. */
  constructor(word: Uint8Array) {
    this.#word = word.map((byte) => FOLDED[byte] as number);
    this.#shift.fill(word.length);
    const last = word.length - 1;
    for (let byte = 0; byte < 256; byte++) {
      const at = this.#word.subarray(0, last).lastIndexOf(FOLDED[byte] as number);
      if (at >= 0) this.#shift[byte] = last - at;
    }
  }

  /** Each place where it stands, from the first on. */
  *places(bytes: Uint8Array): Generator<number> {
    const word = this.#word;
    const last = word.length - 1;
    for (let at = 0; at + last < bytes.length;) {
      let n = last;
      while (n >= 0 && FOLDED[bytes[at + n] as number] === word[n]) n--;
      if (n < 0) yield at;
      at += this.#shift[bytes[at + last] as number] as number;
    }
  }
}
