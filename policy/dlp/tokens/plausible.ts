import { isInCredentialScope } from "./credential_scope.ts";
import type { TokenPattern } from "./pattern.ts";

/** Least different characters in the random part of a token; placeholders are `xxxxxxxx`. */
const MIN_DISTINCT = 5;
/** So many bytes of a random part are looked at. */
const LOOKED_AT = 24;
/** From so many base64 characters in front on, a token stands inside a run. */
const RUN = 48;

/** A run with so many small letters and so few capitals is no base64, but words or a long path. */
const WORDS = { small: 12, capitals: 2 };

/** A match of a pattern's program in a text. */
export interface Candidate {
  readonly start: number;
  readonly end: number;
  /** What a service draws at random: a part of it beside the keyword. */
  readonly random: { readonly start: number; readonly end: number };
}

/**
 * Can the match be a token that somebody was issued? Only what no holder of a real token can bring
 * about counts against it. Text that follows never turns a yes into a no.
 */
export function isPlausible(pattern: TokenPattern, bytes: Uint8Array, match: Candidate): boolean {
  if (!isVaried(bytes, match)) return false;
  if (pattern.exampleEndings?.some((ending) => endsWith(bytes, match.end, ending))) return false;
  if (pattern.exampleRun !== undefined && hasRun(bytes, match, pattern.exampleRun)) return false;
  if (pattern.keyMaterial === true && !isKeyMaterial(bytes, match)) return false;
  if (pattern.mixed === true && !isMixed(bytes, match)) return false;
  if (pattern.publicIn !== undefined && isInCredentialScope(bytes, match)) return false;
  if (pattern.insideRuns === undefined || !isInsideRun(bytes, match.start)) return true;
  if (pattern.insideRuns === "base32") return isDrawnFromBase32(bytes, match);
  return pattern.insideRuns === "crc32" && hasChecksum(bytes, match);
}

function isVaried(bytes: Uint8Array, { random }: Candidate): boolean {
  const last = Math.min(random.end, random.start + LOOKED_AT);
  let distinct = 0;
  let letters = 0;
  let others = 0;
  for (let at = random.start; at < last; at++) {
    const byte = bytes[at] as number;
    // Both cases of a letter share a bit.
    const bit = 1 << (byte & 31);
    if (byte & 64 ? letters & bit : others & bit) continue;
    if (byte & 64) letters |= bit;
    else others |= bit;
    distinct++;
    if (distinct >= MIN_DISTINCT) return true;
  }
  return false;
}

/** Are there so many equal characters in a row in the random part? */
function hasRun(bytes: Uint8Array, { random }: Candidate, length: number): boolean {
  let run = 0;
  for (let at = random.start; at < random.end; at++) {
    run = at > random.start && bytes[at] === bytes[at - 1] ? run + 1 : 1;
    if (run >= length) return true;
  }
  return false;
}

/** Does the text before `end` end so, whatever padding follows? */
function endsWith(bytes: Uint8Array, end: number, text: string): boolean {
  if (bytes[end - 1] === 0x3d) return endsWith(bytes, end - 1, text);
  for (let index = 0; index < text.length; index++) {
    if (bytes[end - text.length + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function isMixed(bytes: Uint8Array, { random: { start, end } }: Candidate): boolean {
  return bytes.subarray(start, end).some((byte) => byte < 0x41);
}

/** Encoded machine code repeats few capitals; a drawn identifier has 12 on average. */
function isDrawnFromBase32(bytes: Uint8Array, { random: { start, end } }: Candidate): boolean {
  let seen = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x32 || byte > 0x37 && byte < 0x41) return false;
    // A digit shares its bit with a letter, which is near enough.
    seen |= 1 << (byte & 31);
  }
  return countBits(seen) >= 8;
}

function countBits(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}

/** Of 256 characters of an encoded key two in five are capitals and one in six is a digit. */
function isKeyMaterial(bytes: Uint8Array, { random }: Candidate): boolean {
  let capitals = 0;
  let digits = 0;
  const last = Math.min(random.end, random.start + 256);
  for (let at = random.start; at < last; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x41 && byte <= 0x5a) capitals++;
    else if (byte >= 0x30 && byte <= 0x39) digits++;
  }
  return capitals >= 8 && digits >= 2;
}

function isInsideRun(bytes: Uint8Array, start: number): boolean {
  if (start < RUN) return false;
  let small = 0;
  let capitals = 0;
  for (let at = start - RUN; at < start; at++) {
    const byte = bytes[at] ?? 0;
    if (!isBase64(byte)) return false;
    if (byte >= 0x61) small++;
    else if (byte >= 0x41 && byte <= 0x5a) capitals++;
  }
  return small < WORDS.small || capitals > WORDS.capitals;
}

function isBase64(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a || byte >= 0x41 && byte <= 0x5a ||
    byte >= 0x2f && byte <= 0x39 || byte === 0x2b || byte === 0x2d || byte === 0x5f;
}

/** Length of a checksum in base 62. */
const CHECKSUM = 6;

/**
 * Is the last part of the token the CRC-32 of what stands between the prefix and it, in base 62? Of
 * GitHub's tokens it is.
 */
function hasChecksum(bytes: Uint8Array, { random: { start, end } }: Candidate): boolean {
  let written = 0;
  for (let at = end - CHECKSUM; at < end; at++) written = written * 62 + digit62(bytes[at] ?? 0);
  return crc32(bytes.subarray(start, end - CHECKSUM)) === written;
}

function digit62(byte: number): number {
  if (byte <= 0x39) return byte - 0x30;
  return byte <= 0x5a ? byte - 0x41 + 10 : byte - 0x61 + 36;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
