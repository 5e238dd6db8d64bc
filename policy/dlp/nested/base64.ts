const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Value of a base64 digit, standard or URL-safe, by its byte; 64 for every other byte. */
export const SEXTET: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  const at = ALPHABET.indexOf(character);
  if (at >= 0) return at;
  return character === "-" ? 62 : character === "_" ? 63 : 64;
});

/** Digits without a break that make a blob, so that words and names make none. */
export const LEAST_DIGITS = 24;

/** A stretch of digits, broken by line ends and spaces at most. */
export interface Run {
  readonly start: number;
  /** Behind its last digit. */
  readonly end: number;
  /** Is there white space in it? */
  readonly isBroken: boolean;
}

/**
 * The first run from `from` on that begins with {@linkcode LEAST_DIGITS} digits; it looks at few
 * bytes of text that has none.
 */
export function nextRun(bytes: Uint8Array, from: number): Run | undefined {
  let start = from;
  search: while (start + LEAST_DIGITS <= bytes.length) {
    for (let at = start + LEAST_DIGITS - 1; at >= start; at--) {
      if (SEXTET[bytes[at] as number] === 64) {
        start = at + 1;
        continue search;
      }
    }
    return runFrom(bytes, start);
  }
  return undefined;
}

function runFrom(bytes: Uint8Array, start: number): Run {
  let end = start + LEAST_DIGITS;
  let isBroken = false;
  for (;;) {
    while (end < bytes.length && SEXTET[bytes[end] as number] !== 64) end++;
    const next = end + breakWidth(bytes, end);
    if (next === end || next >= bytes.length || SEXTET[bytes[next] as number] === 64) {
      return { start, end, isBroken };
    }
    isBroken = true;
    end = next;
  }
}

const MOST_BREAK = 16;

/** Bytes of white space here, line ends that are written as escapes included. */
export function breakWidth(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next - at < MOST_BREAK) {
    const byte = bytes[next];
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) next++;
    else if (byte === 0x5c) {
      let letter = next + 1;
      while (bytes[letter] === 0x5c && letter - at < MOST_BREAK) letter++;
      const escaped = bytes[letter];
      if (escaped !== 0x6e && escaped !== 0x72 && escaped !== 0x74) return next - at;
      next = letter + 1;
    } else return next - at;
  }
  return next - at;
}

/** Digits of a run before an offset. */
export function digitsBefore(bytes: Uint8Array, run: Run, end: number): number {
  let digits = 0;
  for (let at = run.start; at < end; at++) {
    if (SEXTET[bytes[at] as number] !== 64) digits++;
    else at += Math.max(breakWidth(bytes, at), 1) - 1;
  }
  return digits;
}
