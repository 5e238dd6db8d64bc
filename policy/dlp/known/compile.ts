import type { Secret } from "../../secret.ts";
import { isAlphanumeric } from "./alphabet.ts";
import { reversed, type Source } from "./encodings.ts";
import type { Needle } from "./needles.ts";
import { secretParts } from "./parts.ts";
import { count, piecesOf, wholesOf } from "./variants.ts";
import { Verbatim } from "./verbatim.ts";

/** A short value that is looked for as it stands, punctuation included. */
export interface ShortWord {
  readonly id: string;
  readonly writtenAs: readonly string[];
  readonly length: number;
  readonly word: Verbatim;
}

/** A value so short that it counts only where it is all of a text. */
export interface LoneWord {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** All that is looked for. */
export interface Compiled {
  readonly needles: readonly Needle[];
  readonly words: readonly ShortWord[];
  readonly lone: readonly LoneWord[];
}

/** A value with fewer alphanumerics is looked for as a whole. */
const MIN_PIECE = 12;
/** A shorter value stands in ordinary text by chance, as `test` does. */
const MIN_BYTES = 6;
/** So does a shorter number. */
const MIN_DIGITS = 10;

/** Every way to write each of the secrets. */
export function compileSecrets(secrets: ReadonlyMap<string, Secret>): Compiled {
  const compiled = [...secrets].flatMap(([id, secret]) =>
    secretParts(secret.reveal()).map((part) => compilePart(id, part))
  );
  return {
    needles: compiled.flatMap(({ needles }) => needles),
    words: compiled.flatMap(({ words }) => words),
    lone: compiled.flatMap(({ lone }) => lone),
  };
}

function compilePart(id: string, source: Source): Compiled {
  const none: Compiled = { needles: [], words: [], lone: [] };
  const { bytes } = source;
  if (bytes.length === 0) return none;
  const digits = bytes.every((byte) => byte >= 0x30 && byte <= 0x39);
  if (bytes.length < (digits ? MIN_DIGITS : MIN_BYTES)) return { ...none, lone: [{ id, bytes }] };
  const pieces = piecesOf(source);
  if (pieces.some(({ writtenAs }) => writtenAs.length === 0)) {
    return { ...none, needles: pieces.map((variant) => ({ ...variant, id })) };
  }
  const isShort = count(bytes) < MIN_PIECE;
  const needles = wholesOf(source)
    .filter(({ writtenAs }) => !isShort || isMixed(bytes) || !isPlain(writtenAs))
    .map((variant) => ({ ...variant, id }));
  return { ...none, needles, words: isShort ? shortWords(id, source) : [] };
}

/** Letters alone, or digits alone, may stand in ordinary text as several words. */
function isMixed(bytes: Uint8Array): boolean {
  const codes = [...bytes].filter(isAlphanumeric);
  const digits = codes.filter((byte) => byte <= 0x39).length;
  return digits > 0 && digits < codes.length;
}

function isPlain(writtenAs: readonly string[]): boolean {
  return writtenAs.every((way) => way === "reversed" || way === "rot13");
}

function shortWords(id: string, source: Source): ShortWord[] {
  const word = (bytes: Uint8Array, writtenAs: readonly string[]): ShortWord[] =>
    bytes.length > 255 ? [] : [{ id, writtenAs, length: bytes.length, word: new Verbatim(bytes) }];
  return [...word(source.bytes, []), ...word(reversed(source).bytes, ["reversed"])];
}
