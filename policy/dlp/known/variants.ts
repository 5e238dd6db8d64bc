import { codeOf } from "./alphabet.ts";
import {
  ASCII85,
  asNumber,
  BASE16,
  BASE32,
  BASE32_HEX,
  BASE58,
  BASE62,
  BASE64,
  BASE85,
  byByte,
  type Encoded,
  inBase85,
  inBits,
  reversed,
  rot13,
  type Source,
  verbatim,
} from "./encodings.ts";

/** One way to write a secret, reduced to its alphanumerics. */
export interface Variant {
  readonly writtenAs: readonly string[];
  /** Codes of the alphanumerics (see alphabet.ts). */
  readonly codes: Uint8Array;
  /** Private bits that each of them carries. */
  readonly bits: Uint8Array;
  /** A run of so many codes is the secret, where it carries enough private bits. */
  readonly window: number;
  /** Private bits that are enough. */
  readonly enough: number;
}

/** Private bits that a piece must carry: eight characters. */
const ENOUGH_BITS = 64;
/** Shorter wholes are found in other text by chance. */
const MIN_WHOLE = 7;
/** A whole value from this length on is as rare in text as a piece. */
const MIN_PIECE = 12;
/** Longer values are not written as one number: that takes quadratic time, and nobody does. */
const MAX_NUMBER_BYTES = 256;
/** Longer values are looked for in fewer ways. */
const MAX_BYTES_FOR_ALL = 1024;

/** Every way to write a secret that is looked for in pieces. */
export function piecesOf(source: Source): Variant[] {
  return everyVariant(source).filter((variant) => goodWindows(variant).includes(1));
}

/** Every way to write a secret that is looked for as a whole, since no piece of it tells enough. */
export function wholesOf(source: Source): Variant[] {
  const isLong = count(source.bytes) >= MIN_PIECE;
  return (isLong ? everyVariant(source) : [...plain(source), ...encodings(source)])
    .filter(({ codes }) => codes.length >= (isLong ? MIN_PIECE : MIN_WHOLE))
    .map((variant) => ({ ...variant, window: variant.codes.length, enough: 0 }));
}

/** How many alphanumerics stand in bytes. */
export function count(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + (codeOf(byte) === 0 ? 0 : 1), 0);
}

function everyVariant(source: Source): Variant[] {
  if (source.bytes.length > MAX_BYTES_FOR_ALL) return usualVariants(source);
  return [
    ...plain(source),
    ...encodings(source),
    ...byteLists(source),
    ...base85(source),
    ...numbers(source),
  ];
}

/** Of long values, such as keys in PEM, what tools write: memory and time to load stay bounded. */
function usualVariants(source: Source): Variant[] {
  const [base64, , hex] = ALPHABETS;
  return [
    ...plain(source),
    ...ALPHABETS.flatMap((alphabet) => inAlphabet(source, alphabet)),
    ...[base64, hex].flatMap((alphabet) =>
      alphabet === undefined
        ? []
        : inAlphabet(source, alphabet).map((variant) =>
          readBackwards(variant, ["reversed", alphabet.name])
        )
    ),
    ...byteLists(source),
  ];
}

function plain(source: Source): Variant[] {
  const asRead = (encoded: Encoded, ...writtenAs: string[]): Variant =>
    reduce(encoded, { writtenAs, window: MIN_PIECE });
  const [forward, backward] = [verbatim(source), verbatim(reversed(source))];
  return [
    asRead(forward),
    asRead(backward, "reversed"),
    asRead(rot13(forward), "rot13"),
    asRead(rot13(backward), "rot13", "reversed"),
  ];
}

function encodings(source: Source): Variant[] {
  const backward = reversed(source);
  return [
    ...inAlphabet(source, { name: "base32hex", width: 5, alphabet: BASE32_HEX, window: 18 }),
    ...ALPHABETS.flatMap((alphabet) => {
      const { name } = alphabet;
      const forward = inAlphabet(source, alphabet);
      return [
        ...forward,
        ...forward.map((variant) => readBackwards(variant, ["reversed", name])),
        ...inAlphabet(backward, alphabet).map((variant) => ({
          ...variant,
          writtenAs: [name, "reversed"],
        })),
      ];
    }),
  ];
}

/** Characters of a number of bits each. */
interface Alphabet {
  readonly name: string;
  readonly width: number;
  readonly alphabet: string;
  /** So many of its characters stand for enough of a secret. */
  readonly window: number;
}

const ALPHABETS: readonly Alphabet[] = [
  { name: "base64", width: 6, alphabet: BASE64, window: 12 },
  { name: "base32", width: 5, alphabet: BASE32, window: 18 },
  { name: "hex", width: 4, alphabet: BASE16, window: 24 },
];

function inAlphabet(source: Source, { name, width, alphabet, window }: Alphabet): Variant[] {
  return alignments(width).map((before) =>
    reduce(inBits(source, { width, before, alphabet }), { writtenAs: [name], window })
  );
}

function readBackwards(variant: Variant, writtenAs: readonly string[]): Variant {
  const { codes, bits } = variant;
  return { ...variant, writtenAs, codes: codes.toReversed(), bits: bits.toReversed() };
}

/** How many bytes in front change which bits fall into one character. */
function alignments(width: number): number[] {
  return width === 4 ? [0] : width === 6 ? [0, 1, 2] : [0, 1, 2, 3, 4];
}

/** Lists of byte values: `115, 107`, `0x73, 0x6b`, `\x73`, `&#x73;`, `\u0073`, `\163`. */
function byteLists(source: Source): Variant[] {
  const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
  const list = (name: string, window: number, render: (byte: number) => string): Variant =>
    reduce(byByte(source, render), { writtenAs: [name], window });
  return [
    list("decimal", 24, (byte) => `${byte}`),
    list("octal", 36, (byte) => byte.toString(8).padStart(3, "0")),
    list("hex", 36, (byte) => `x${hex(byte)}`),
    list("hex", 48, (byte) => `0x${hex(byte)}`),
    list("unicode escapes", 60, (byte) => `u00${hex(byte)}`),
    list("unicode escapes", 36, (byte) => `u${hex(byte)}`),
  ];
}

function base85(source: Source): Variant[] {
  return [ASCII85, BASE85].flatMap((alphabet) =>
    [0, 1, 2, 3].map((before) =>
      reduce(inBase85(source, { before, alphabet }), { writtenAs: ["base85"], window: 12 })
    )
  );
}

function numbers(source: Source): Variant[] {
  if (source.bytes.length > MAX_NUMBER_BYTES) return [];
  const number = (name: string, alphabet: string): Variant =>
    reduce(asNumber(source, alphabet), { writtenAs: [name], window: 24 });
  return [
    number("base58", BASE58),
    number("base62", BASE62),
    number("base36", BASE62.toLowerCase().slice(0, 36)),
    number("decimal", "0123456789"),
  ];
}

function reduce(
  { text, bits }: Encoded,
  options: { readonly writtenAs: readonly string[]; readonly window: number },
): Variant {
  const codes = new Uint8Array(text.length);
  const carried = new Uint8Array(text.length);
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const code = codeOf(text[at] as number);
    codes[end] = code;
    carried[end] = bits[at] as number;
    if (code !== 0) end++;
  }
  return {
    ...options,
    codes: codes.slice(0, end),
    bits: carried.slice(0, end),
    enough: ENOUGH_BITS,
  };
}

/** 1 at each position where a window begins that carries enough private bits. */
export function goodWindows({ codes, bits, window, enough }: Variant): Uint8Array {
  const good = new Uint8Array(codes.length);
  let sum = 0;
  for (let end = 1; end <= codes.length; end++) {
    sum += bits[end - 1] as number;
    if (end > window) sum -= bits[end - 1 - window] as number;
    if (end >= window && sum >= enough) good[end - window] = 1;
  }
  return good;
}
