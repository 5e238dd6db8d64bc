import { codeOf } from "./alphabet.ts";
import {
  ASCII85,
  asNumber,
  backwards,
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
  /** A run of so many codes that carries enough private bits is the secret. */
  readonly window: number;
}

/** Private bits that a run must carry: eight characters. */
const ENOUGH_BITS = 64;
/** Longer values are not written as one number: that takes quadratic time, and nobody does. */
const MAX_NUMBER_BYTES = 256;

/** Every way to write that is looked for in pieces, of a secret long enough for pieces. */
export function variantsOf(source: Source): Variant[] {
  const back = reversed(source);
  const asRead = (encoded: Encoded, ...writtenAs: string[]): Variant => {
    return reduce(encoded, { writtenAs, window: 12 });
  };
  return [
    asRead(verbatim(source)),
    asRead(verbatim(back), "reversed"),
    asRead(rot13(verbatim(source)), "rot13"),
    asRead(rot13(verbatim(back)), "rot13", "reversed"),
    ...grouped(source).flatMap(({ name, encoded, window }) => [
      reduce(encoded, { writtenAs: [name], window }),
      reduce(backwards(encoded), { writtenAs: ["reversed", name], window }),
    ]),
    ...grouped(back).map(({ name, encoded, window }) =>
      reduce(encoded, { writtenAs: [name, "reversed"], window })
    ),
    ...byteLists(source),
    ...base85(source),
    ...numbers(source),
  ].filter(isUsable);
}

interface Group {
  readonly name: string;
  readonly encoded: Encoded;
  readonly window: number;
}

function grouped(source: Source): Group[] {
  const group = (name: string, width: number, alphabet: string, window: number): Group[] =>
    alignments(width).map((before) => ({
      name,
      encoded: inBits(source, { width, before, alphabet }),
      window,
    }));
  return [
    ...group("base64", 6, BASE64, 12),
    ...group("base32", 5, BASE32, 18),
    ...group("base32hex", 5, BASE32_HEX, 18),
    ...group("hex", 4, BASE16, 24),
  ];
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
    number("decimal", BASE58.slice(0, 0) + "0123456789"),
  ];
}

function reduce(
  { text, bits }: Encoded,
  options: { readonly writtenAs: readonly string[]; readonly window: number },
): Variant {
  const codes: number[] = [];
  const carried: number[] = [];
  text.forEach((byte, at) => {
    const code = codeOf(byte);
    if (code === 0) return;
    codes.push(code);
    carried.push(bits[at] ?? 0);
  });
  return { ...options, codes: Uint8Array.from(codes), bits: Uint8Array.from(carried) };
}

/** Is there a run that is long enough and private enough? */
function isUsable(variant: Variant): boolean {
  return goodWindows(variant).includes(1);
}

/** 1 at each position where a window begins that carries enough private bits. */
export function goodWindows({ codes, bits, window }: Variant): Uint8Array {
  const good = new Uint8Array(codes.length);
  let sum = 0;
  for (let end = 1; end <= codes.length; end++) {
    sum += bits[end - 1] ?? 0;
    if (end > window) sum -= bits[end - 1 - window] ?? 0;
    if (end >= window && sum >= ENOUGH_BITS) good[end - window] = 1;
  }
  return good;
}
