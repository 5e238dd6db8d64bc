/** Text of the kinds that model APIs put into their answers; agents send it back to them. */
export interface Blobs {
  /** `length` characters of a base64 or base64url text without padding. */
  base64(length: number, alphabet?: "standard" | "url"): string;
  /** `length` letters and digits. */
  alphanumeric(length: number): string;
  hex(length: number): string;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";

/** Makes blobs that look random and are the same in each run. */
export function seededBlobs(seed: number): Blobs {
  let state = seed >>> 0;
  // mulberry32: what is wanted is a spread, not secrecy.
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const text = (alphabet: string, length: number): string => {
    let made = "";
    while (made.length < length) made += alphabet[Math.floor(random() * alphabet.length)];
    return made;
  };
  return {
    base64: (length, alphabet = "standard") =>
      text(LETTERS + DIGITS + (alphabet === "url" ? "-_" : "+/"), length),
    alphanumeric: (length) => text(LETTERS + DIGITS, length),
    hex: (length) => text("0123456789abcdef", length),
  };
}
