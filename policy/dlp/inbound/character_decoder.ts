import { DROPPED, EXPANSION, FoldTable, FOREIGN } from "../views/fold_table.ts";

/** What takes the characters that were decoded. */
export interface CharacterSink {
  /** A character of ASCII. */
  character(code: number): void;
  /** Something that no letter stands for. */
  separate(isSpace: boolean): void;
  /** `\n` and the like: white space, or a backslash in front of a word that begins so. */
  escapedSpace(letter: number): void;
}

const PLAIN = 0;
/** Behind a backslash. */
const ESCAPE = 1;
/** In the digits of `\xHH` or `\uHHHH`. */
const HEX = 2;
/** Behind `&`. */
const AMPERSAND = 3;
/** In the digits behind `&#`. */
const ENTITY = 4;
/** In a sequence of UTF-8. */
const SEQUENCE = 5;

/** Longest digits of an entity. */
const MOST_DIGITS = 9;

/**
 * Decodes what stands for a character: UTF-8, backslash escapes, numeric entities. Lookalikes of
 * ASCII become that, invisible characters vanish. A byte at a time, so chunks may end anywhere.
 */
export class CharacterDecoder {
  readonly #sink: CharacterSink;
  readonly #folds = new FoldTable();
  #mode = PLAIN;
  #value = 0;
  #missing = 0;
  #digits: number[] = [];
  #highSurrogate = 0;

  constructor(sink: CharacterSink) {
    this.#sink = sink;
  }

  /** Is no escape or sequence being read, so that the next byte may stand for itself? */
  get isPlain(): boolean {
    return this.#mode === PLAIN;
  }

  /** Takes a byte that follows in the text. */
  take(byte: number): void {
    switch (this.#mode) {
      case ESCAPE:
        return this.#escape(byte);
      case HEX:
        return this.#hex(byte);
      case AMPERSAND:
        return this.#ampersand(byte);
      case ENTITY:
        return this.#entity(byte);
      case SEQUENCE:
        return this.#sequence(byte);
    }
    if (byte >= 0x80) this.#lead(byte);
    else if (byte === 0x5c) this.#mode = ESCAPE;
    else if (byte === 0x26) this.#mode = AMPERSAND;
    else this.#sink.character(byte);
  }

  #escape(byte: number): void {
    if (byte === 0x5c) return;
    this.#mode = PLAIN;
    switch (byte) {
      case 0x75: // u
      case 0x78: // x
        this.#mode = HEX;
        this.#value = 0;
        this.#missing = byte === 0x75 ? 4 : 2;
        this.#digits = [byte];
        return;
      case 0x62: // b
      case 0x66: // f
      case 0x6e: // n
      case 0x72: // r
      case 0x74: // t
      case 0x76: // v
        return this.#sink.escapedSpace(byte);
    }
    this.take(byte);
  }

  #hex(byte: number): void {
    const digit = hexDigit(byte);
    if (digit < 0) {
      this.#mode = PLAIN;
      for (const code of this.#digits) this.#sink.character(code);
      return this.take(byte);
    }
    this.#digits.push(byte);
    this.#value = this.#value * 16 + digit;
    if (--this.#missing > 0) return;
    this.#mode = PLAIN;
    this.#unit(this.#value);
  }

  /** A unit of UTF-16, as JSON writes characters. */
  #unit(unit: number): void {
    const high = this.#highSurrogate;
    this.#highSurrogate = 0;
    if (unit >= 0xd800 && unit < 0xdc00) this.#highSurrogate = unit;
    else if (high !== 0 && unit >= 0xdc00 && unit < 0xe000) {
      this.#codePoint((high - 0xd800) * 0x400 + (unit - 0xdc00) + 0x10000);
    } else this.#codePoint(unit);
  }

  #ampersand(byte: number): void {
    if (byte === 0x23) {
      this.#mode = ENTITY;
      this.#value = 0;
      this.#digits = [];
      return;
    }
    this.#mode = PLAIN;
    this.#sink.separate(false);
    this.take(byte);
  }

  #entity(byte: number): void {
    const marked = this.#digits.length > 0 && (this.#digits[0] as number) > 0x39;
    const base = marked ? 16 : 10;
    const digit = hexDigit(byte);
    const isMark = this.#digits.length === 0 && (byte | 0x20) === 0x78;
    if (this.#digits.length < MOST_DIGITS && (isMark || digit >= 0 && digit < base)) {
      this.#digits.push(byte);
      if (!isMark) this.#value = this.#value * base + digit;
      return;
    }
    this.#mode = PLAIN;
    if (this.#value > 0) this.#codePoint(this.#value);
    else this.#sink.separate(false);
    if (byte !== 0x3b) this.take(byte);
  }

  #lead(byte: number): void {
    this.#missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    this.#value = byte & 0x3f >> this.#missing;
    if (this.#missing === 0 || byte >= 0xf8) this.#sink.separate(false);
    else this.#mode = SEQUENCE;
  }

  #sequence(byte: number): void {
    if ((byte & 0xc0) !== 0x80) {
      this.#mode = PLAIN;
      this.#sink.separate(false);
      return this.take(byte);
    }
    this.#value = this.#value << 6 | byte & 0x3f;
    if (--this.#missing > 0) return;
    this.#mode = PLAIN;
    this.#codePoint(this.#value);
  }

  #codePoint(point: number): void {
    if (point < 0x80) return this.#sink.character(point);
    const fold = point > 0x10ffff ? FOREIGN : this.#folds.of(point);
    if (fold === FOREIGN) this.#sink.separate(false);
    else if (fold >= EXPANSION) {
      for (const code of this.#folds.expansion(fold)) this.#sink.character(code);
    } else if (fold !== DROPPED) this.#sink.character(fold);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
