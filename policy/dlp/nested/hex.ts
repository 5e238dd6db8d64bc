import { HEX } from "../views/characters.ts";
import { breakWidth } from "./base64.ts";

/** A stretch of digits, broken by white space at most. */
export interface HexRun {
  readonly start: number;
  /** Behind its last digit. */
  readonly end: number;
}

/** Digits without a break that make a blob: twelve bytes. */
export const LEAST_HEX_DIGITS = 24;

/** The first run of hexadecimal digits in `from` to `to`, of {@linkcode LEAST_HEX_DIGITS} at least. */
export function nextHexRun(bytes: Uint8Array, from: number, to: number): HexRun | undefined {
  let start = from;
  search: while (start + LEAST_HEX_DIGITS <= to) {
    for (let at = start + LEAST_HEX_DIGITS - 1; at >= start; at--) {
      if ((HEX[bytes[at] as number] as number) > 15) {
        start = at + 1;
        continue search;
      }
    }
    return { start, end: runEnd(bytes, start + LEAST_HEX_DIGITS, to) };
  }
  return undefined;
}

function runEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = from;
  for (;;) {
    while (end < to && (HEX[bytes[end] as number] as number) <= 15) end++;
    const next = end + breakWidth(bytes, end);
    if (next === end || next >= to || (HEX[bytes[next] as number] as number) > 15) return end;
    end = next;
  }
}

/** Decodes two digits to a byte, white space between them left out; gives the bytes written. */
export function decodeHex(bytes: Uint8Array, run: HexRun, out: Uint8Array): number {
  let written = 0;
  let high = -1;
  for (let at = run.start; at < run.end; at++) {
    const digit = HEX[bytes[at] as number] as number;
    if (digit > 15) at += Math.max(breakWidth(bytes, at), 1) - 1;
    else if (high < 0) high = digit;
    else {
      out[written++] = high << 4 | digit;
      high = -1;
    }
  }
  return written;
}
