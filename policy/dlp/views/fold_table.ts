import { homoglyphs } from "./homoglyphs.ts";

/** A code point that leaves nothing behind: marks, zero-width and control characters. */
export const DROPPED = 1;
/** A code point that no ASCII character stands for. */
export const FOREIGN = 2;
/** From here on: an index into the expansions, less this. */
export const EXPANSION = 0x100;

/**
 * What each code point folds to, found once and remembered. One of {@linkcode DROPPED},
 * {@linkcode FOREIGN}, an ASCII character, or {@linkcode EXPANSION} and more.
 */
export class FoldTable {
  #planes: (Uint16Array | undefined)[] = [];
  #lookalikes: ReadonlyMap<number, string> | undefined;
  #expansions: Uint8Array[] = [];
  #indexes = new Map<string, number>();

  /** The fold of a code point from U+0080 up. */
  of(codePoint: number): number {
    const plane = codePoint >>> 16;
    if (plane > 1) return plane === 14 ? ofTag(codePoint) : FOREIGN;
    const table = this.#planes[plane] ??= new Uint16Array(0x10000);
    const known = table[codePoint & 0xffff] ?? 0;
    if (known !== 0) return known;
    const found = this.#find(codePoint);
    table[codePoint & 0xffff] = found;
    return found;
  }

  /** The ASCII characters of an expansion: two at least. */
  expansion(fold: number): Uint8Array {
    return this.#expansions[fold - EXPANSION] ?? new Uint8Array();
  }

  #find(codePoint: number): number {
    if (isInvisible(codePoint)) return DROPPED;
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) return FOREIGN;
    const text = this.#ascii(codePoint);
    if (text.length === 0) return marksOnly(codePoint) ? DROPPED : FOREIGN;
    if (text.length === 1) return text.charCodeAt(0);
    let index = this.#indexes.get(text);
    if (index === undefined) {
      index = this.#expansions.push(new TextEncoder().encode(text)) - 1;
      this.#indexes.set(text, index);
    }
    return EXPANSION + index;
  }

  #ascii(codePoint: number): string {
    this.#lookalikes ??= homoglyphs();
    const own = this.#lookalikes.get(codePoint);
    if (own !== undefined) return own;
    let text = "";
    for (const part of String.fromCodePoint(codePoint).normalize("NFKD")) {
      const point = part.codePointAt(0) ?? 0;
      if (point < 0x80) text += part;
      else text += this.#lookalikes.get(point) ?? digit(point) ?? enclosed(point) ?? "";
    }
    return text.slice(0, MOST_EXPANDED);
  }
}

/** No code point folds to more characters than this; longer ones stand for words, not letters. */
const MOST_EXPANDED = 4;

/** Tag characters carry invisible ASCII; the variation selectors beside them nothing. */
function ofTag(codePoint: number): number {
  if (codePoint >= 0xe0021 && codePoint <= 0xe007e) return codePoint - 0xe0000;
  return codePoint <= 0xe0fff ? DROPPED : FOREIGN;
}

const INVISIBLE = /^[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Mn}\p{Me}\p{Mc}]$/u;

function isInvisible(codePoint: number): boolean {
  return INVISIBLE.test(String.fromCodePoint(codePoint));
}

function marksOnly(codePoint: number): boolean {
  return /^[\p{M}\s]*$/u.test(String.fromCodePoint(codePoint).normalize("NFKD"));
}

/** Decimal digits stand in blocks of ten that begin at a code point ending in 0 or 6. */
function digit(codePoint: number): string | undefined {
  if (!isDigit(codePoint)) return undefined;
  const low = codePoint & 0xf;
  return String(isDigit(codePoint - low) ? low : low - 6);
}

function isDigit(codePoint: number): boolean {
  return /^\p{Nd}$/u.test(String.fromCodePoint(codePoint));
}

/** Letters in circles and squares, and the letters that flags are written with. */
function enclosed(codePoint: number): string | undefined {
  for (const first of [0x1f150, 0x1f170, 0x1f1e6]) {
    if (codePoint >= first && codePoint < first + 26) {
      return String.fromCharCode(0x41 + codePoint - first);
    }
  }
  return undefined;
}
