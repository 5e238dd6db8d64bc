/** Bytes to be written, with a mark on each that anybody may know (a token format's prefix). */
export interface Source {
  readonly bytes: Uint8Array;
  /** 1 where the byte is public, else 0. */
  readonly isPublic: Uint8Array;
}

/** Characters that stand for a source, each with how many private bits of it it carries. */
export interface Encoded {
  readonly text: Uint8Array;
  readonly bits: Uint8Array;
}

export const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** RFC 4648, section 6. */
export const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** RFC 4648, section 7. */
export const BASE32_HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
export const BASE16 = "0123456789abcdef";
/** Adobe's Ascii85: from `!` to `u`. */
export const ASCII85 = String.fromCharCode(...Array.from({ length: 85 }, (_, n) => 33 + n));
/** RFC 1924, as git and Python's `b85encode` write it. */
export const BASE85 =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
export const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
export const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The source as it is. */
export function verbatim({ bytes, isPublic }: Source): Encoded {
  return { text: bytes, bits: isPublic.map((flag) => (flag === 0 ? 8 : 0)) };
}

/**
 * In characters of `width` bits (RFC 4648), with `before` bytes of other text in front: only the
 * characters that the source alone determines, hence the same whatever stands around it.
 */
export function inBits(
  source: Source,
  options: { readonly width: number; readonly before: number; readonly alphabet: string },
): Encoded {
  const { bytes, isPublic } = source;
  const { width, before, alphabet } = options;
  const first = Math.ceil((8 * before) / width);
  const end = Math.floor((8 * (before + bytes.length)) / width);
  const length = Math.max(0, end - first);
  const encoded = { text: new Uint8Array(length), bits: new Uint8Array(length) };
  for (let n = 0; n < length; n++) {
    const bit = (first + n) * width - 8 * before;
    const [at, skipped] = [bit >> 3, bit & 7];
    const word = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const value = (word >> (16 - skipped - width)) & ((1 << width) - 1);
    const here = Math.min(width, 8 - skipped);
    encoded.text[n] = alphabet.charCodeAt(value);
    encoded.bits[n] = (isPublic[at] === 0 ? here : 0) +
      (isPublic[at + 1] === 0 ? width - here : 0);
  }
  return encoded;
}

/** Byte by byte, each as `render` writes it. */
export function byByte(source: Source, render: (byte: number) => string): Encoded {
  const text: number[] = [];
  const bits: number[] = [];
  source.bytes.forEach((byte, at) => {
    const characters = render(byte);
    for (let n = 0; n < characters.length; n++) {
      text.push(characters.charCodeAt(n));
      const isLast = n === characters.length - 1;
      bits.push(isLast && source.isPublic[at] === 0 ? 8 : 0);
    }
  });
  return { text: Uint8Array.from(text), bits: Uint8Array.from(bits) };
}

/** Four bytes in five characters, with `before` (0 to 3) bytes of other text in front. */
export function inBase85(
  source: Source,
  options: { readonly before: number; readonly alphabet: string },
): Encoded {
  const { bytes, isPublic } = source;
  const text: number[] = [];
  const bits: number[] = [];
  for (let at = (4 - options.before) % 4; at + 4 <= bytes.length; at += 4) {
    const group = bytes.subarray(at, at + 4);
    let value = group.reduce((sum, byte) => sum * 256 + byte, 0);
    const isPrivate = isPublic.subarray(at, at + 4).every((flag) => flag === 0);
    const digits: number[] = [];
    for (let n = 0; n < 5; n++) {
      digits.unshift(options.alphabet.charCodeAt(value % 85));
      value = Math.floor(value / 85);
    }
    text.push(...digits);
    bits.push(...digits.map(() => (isPrivate ? 6 : 0)));
  }
  return { text: Uint8Array.from(text), bits: Uint8Array.from(bits) };
}

/** Digits that are reckoned with at once; three of base 62 stay below 18 bits. */
const LIMB = 3;

/** As one big number, first byte highest; the first digits of a public beginning count as public. */
export function asNumber({ bytes, isPublic }: Source, alphabet: string): Encoded {
  const base = alphabet.length;
  const digitBits = Math.log2(base);
  const limbBase = base ** LIMB;
  const limbs = new Int32Array(Math.ceil((8 * bytes.length) / (digitBits * LIMB)) + 1);
  let used = 0;
  for (let at = 0; at < bytes.length; at++) {
    let carry = bytes[at] as number;
    for (let n = 0; n < used || carry > 0; n++) {
      carry += (limbs[n] as number) << 8;
      const rest = (carry / limbBase) | 0;
      limbs[n] = carry - rest * limbBase;
      carry = rest;
      if (n >= used) used = n + 1;
    }
  }
  const length = used * LIMB;
  const encoded = { text: new Uint8Array(length), bits: new Uint8Array(length) };
  const firstPrivate = isPublic.indexOf(0);
  const known = firstPrivate < 0 ? length : (8 * firstPrivate) / digitBits + LIMB;
  for (let n = 0; n < length; n++) {
    const limb = limbs[used - 1 - Math.floor(n / LIMB)] as number;
    const digit = Math.floor(limb / base ** (LIMB - 1 - (n % LIMB))) % base;
    encoded.text[n] = alphabet.charCodeAt(digit);
    encoded.bits[n] = n < known ? 0 : Math.floor(digitBits);
  }
  return encoded;
}

/** Letters moved by half the alphabet. */
export function rot13({ text, bits }: Encoded): Encoded {
  const moved = text.map((byte) => {
    const letter = byte & ~0x20;
    if (letter < 0x41 || letter > 0x5a) return byte;
    return letter < 0x4e ? byte + 13 : byte - 13;
  });
  return { text: moved, bits };
}

/** A source read from its end. */
export function reversed({ bytes, isPublic }: Source): Source {
  return { bytes: bytes.toReversed(), isPublic: isPublic.toReversed() };
}
