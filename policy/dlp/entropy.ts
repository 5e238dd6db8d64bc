import { SEXTET } from "./nested/base64.ts";
import type { ViewMatch } from "./view_match.ts";
import { HEX } from "./views/characters.ts";

/** Characters that are judged together. */
const WINDOW = 32;
/** Changes between small letters, capitals and digits that random text has in a window. */
const LEAST_CHANGES = 12;
/** Different characters that random text has in a window. */
const LEAST_DIFFERENT = 16;
/** Letters behind f that random text has in a window, and hexadecimal has not. */
const LEAST_BEYOND_HEX = 4;
/** Digits that random text has in a window, and names in camel case seldom. */
const LEAST_DIGITS = 2;

const AS_IT_IS: readonly string[] = Object.freeze([]);

/**
 * Finds text that looks random, as keys do: 32 characters in a row of base64's alphabets that change
 * between small letters, capitals and digits at least twelve times, with 16 different ones, two
 * digits and four letters behind f at least. Words, paths and camel case change less often or have
 * no digits; UUIDs and hashes in hexadecimal have no such letters. A checksum in base64 does count:
 * anybody can write `sha512-` in front of anything. What is found in a text's prefix is found in the
 * text.
 */
export function findRandomText(bytes: Uint8Array, limit: number): readonly ViewMatch[] {
  const found: ViewMatch[] = [];
  let start = 0;
  while (start + WINDOW <= bytes.length && found.length < limit) {
    let at = start + WINDOW - 1;
    while (at >= start && SEXTET[bytes[at] as number] !== 64) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + WINDOW;
    while (end < bytes.length && SEXTET[bytes[end] as number] !== 64) end++;
    if (isRandom(bytes, start, end)) {
      found.push({ id: "random-text", writtenAs: AS_IT_IS, start, end });
    }
    start = end + 1;
  }
  return found;
}

const [OTHER, SMALL, CAPITAL, DIGIT] = [0, 1, 2, 3];

const KIND: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x61 && byte <= 0x7a) return SMALL;
  if (byte >= 0x41 && byte <= 0x5a) return CAPITAL;
  return byte >= 0x30 && byte <= 0x39 ? DIGIT : OTHER;
});

/** Does any window of the run look random? Each step adds a character and takes one away. */
function isRandom(bytes: Uint8Array, start: number, end: number): boolean {
  const counts = new Uint8Array(128);
  let [different, changes, others, digits] = [0, 0, 0, 0];
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if ((counts[byte] as number) === 0) different++;
    counts[byte] = (counts[byte] as number) + 1;
    if (at > start && changesAt(bytes, at)) changes++;
    if (isBeyondHex(byte)) others++;
    if (KIND[byte] === DIGIT) digits++;
    const last = at - WINDOW;
    if (last >= start) {
      const gone = bytes[last] as number;
      counts[gone] = (counts[gone] as number) - 1;
      if (counts[gone] === 0) different--;
      if (changesAt(bytes, last + 1)) changes--;
      if (isBeyondHex(gone)) others--;
      if (KIND[gone] === DIGIT) digits--;
    }
    if (at - start + 1 < WINDOW || others < LEAST_BEYOND_HEX || digits < LEAST_DIGITS) continue;
    if (changes >= LEAST_CHANGES && different >= LEAST_DIFFERENT) return true;
  }
  return false;
}

function changesAt(bytes: Uint8Array, at: number): boolean {
  const kind = KIND[bytes[at] as number];
  return kind !== OTHER && kind !== KIND[bytes[at - 1] as number];
}

function isBeyondHex(byte: number): boolean {
  return (HEX[byte] as number) > 15 && KIND[byte] !== OTHER;
}
