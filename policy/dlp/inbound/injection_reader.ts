import { CharacterDecoder, type CharacterSink } from "./character_decoder.ts";
import type { PhraseHit } from "./injection_grammar.ts";
import { WordReading } from "./word_reading.ts";

/** Lower-case letter of each byte that is a letter, else 0. */
const LETTER = Uint8Array.from({ length: 256 }, (_, byte) => {
  const lower = byte | 0x20;
  return byte < 0x80 && lower >= 0x61 && lower <= 0x7a ? lower : 0;
});

/** Kinds of bytes that are no letters. */
const SPACE = 1;
const VISIBLE = 2;
/** May stand within a word without being read as a part of it. */
const MARKUP = 3;
const GREATER = 4;
const LESS = 5;
/** Has to be decoded. */
const CODED = 6;

const KIND = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (byte >= 0x80 || character === "\\" || character === "&") return CODED;
  if (character === "<") return LESS;
  if (character === ">") return GREATER;
  if ("*_~`".includes(character)) return MARKUP;
  return byte <= 0x20 || byte === 0x7f ? SPACE : VISIBLE;
});

/** A tag that has not ended after so many bytes is text. */
const MOST_IN_TAG = 400;

/**
 * Reads UTF-8 in chunks as words of `a` to `z`, whatever they were written with: capitals,
 * lookalikes, invisible characters, escapes, entities, markup. It reads in two ways at once, for
 * markup may part a word or two words: `inner` takes it for a separator and reads the text of tags
 * too, `outer` leaves it out.
 */
export class InjectionReader implements CharacterSink {
  readonly #inner: WordReading;
  readonly #outer: WordReading;
  readonly #decoder = new CharacterDecoder(this);
  /** Characters of normalised text so far; white space counts once, markup not at all. */
  #position = 0;
  #spaced = true;
  /** Was the last character `<`? */
  #less = false;
  #inTag = false;
  #tagLength = 0;
  #tagPosition = 0;

  constructor(onHit: (hit: PhraseHit) => void) {
    this.#inner = new WordReading(onHit);
    this.#outer = new WordReading(onHit);
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#decoder.isPlain && !this.#less) at = this.#readPlain(bytes, at);
      if (at >= bytes.length) return;
      if (this.#inTag) this.#tagLength++;
      this.#decoder.take(bytes[at++] as number);
    }
  }

  /** The text ends, and with it the last word. */
  end(): void {
    this.#inner.endWord();
    this.#outer.endWord();
  }

  /** Reads up to what has to be decoded or may begin a tag; gives the place of that. */
  #readPlain(bytes: Uint8Array, from: number): number {
    const inner = this.#inner;
    const outer = this.#outer;
    let { hash: innerHash, length: innerLength } = inner;
    let { hash: outerHash, length: outerLength } = outer;
    let position = this.#position;
    let spaced = this.#spaced;
    let inTag = this.#inTag;
    const tagStart = from - this.#tagLength;
    let at = from;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      const letter = LETTER[byte] as number;
      if (letter !== 0) {
        innerHash = Math.imul(innerHash, 33) + letter | 0;
        innerLength++;
        position++;
        if (inTag) continue;
        outerHash = Math.imul(outerHash, 33) + letter | 0;
        outerLength++;
        continue;
      }
      const kind = KIND[byte] as number;
      if (kind >= LESS) break;
      if (innerLength > 0) {
        inner.take(innerHash, innerLength, position);
        innerHash = innerLength = 0;
        spaced = false;
      }
      if (inTag) {
        if (kind === GREATER) {
          inTag = false;
          position = this.#tagPosition;
          continue;
        }
        if (at - tagStart > MOST_IN_TAG) inTag = false;
      }
      if (kind === MARKUP) continue;
      if (!inTag && outerLength > 0) {
        outer.take(outerHash, outerLength, position);
        outerHash = outerLength = 0;
      }
      if (kind !== SPACE || !spaced) position++;
      spaced = kind === SPACE;
    }
    inner.resume(innerHash, innerLength, position);
    outer.resume(outerHash, outerLength, position);
    this.#position = position;
    this.#spaced = spaced && innerLength === 0;
    this.#inTag = inTag;
    this.#tagLength = at - tagStart;
    return at;
  }

  character(code: number): void {
    if (this.#less) this.#openTag(code);
    const letter = LETTER[code] as number;
    if (letter !== 0) {
      this.#position++;
      this.#spaced = false;
      this.#inner.letter(letter, this.#position);
      if (!this.#inTag) this.#outer.letter(letter, this.#position);
      return;
    }
    const kind = KIND[code] as number;
    if (kind === MARKUP) this.#inner.endWord();
    else if (kind === LESS) this.#less = true;
    else if (kind === GREATER && this.#inTag) this.#leaveTag();
    else this.separate(kind === SPACE);
  }

  separate(isSpace: boolean): void {
    if (this.#less) this.#openTag(0);
    this.#inner.endWord();
    if (this.#inTag && this.#tagLength > MOST_IN_TAG) this.#inTag = false;
    if (!this.#inTag) this.#outer.endWord();
    if (!isSpace || !this.#spaced) this.#position++;
    this.#spaced = isSpace;
  }

  escapedSpace(letter: number): void {
    this.separate(true);
    this.#inner.doubt(letter);
    if (!this.#inTag) this.#outer.doubt(letter);
  }

  /** Decides by the character behind it what `<` was. */
  #openTag(next: number): void {
    this.#less = false;
    const opens = LETTER[next] !== 0 || next === 0x2f || next === 0x21 || next === 0x3f;
    if (!opens || this.#inTag) return this.separate(false);
    this.#inner.endWord();
    this.#inTag = true;
    this.#tagLength = 0;
    this.#tagPosition = this.#position;
  }

  #leaveTag(): void {
    this.#inner.endWord();
    this.#inTag = false;
    this.#position = this.#tagPosition;
  }
}
