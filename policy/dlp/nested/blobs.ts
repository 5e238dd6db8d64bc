import type { ByteRange } from "../finding.ts";
import { ALPHANUMERIC } from "../views/characters.ts";
import { ALL_KINDS } from "../views/interest.ts";
import { nextRun, type Run, SEXTET } from "./base64.ts";
import { decodeDecimals, decodePairs, nextByteList } from "./byte_list.ts";
import { decodeHex, nextHexRun } from "./hex.ts";
import { decodeDigits, findHiddenText, type HiddenText } from "./hidden_text.ts";
import type { Layer } from "./layer.ts";
import type { LayerScan } from "./layer_scan.ts";
import type { Sextets } from "./sextets.ts";
import { nextText } from "./text_run.ts";

/** Scans what a text's base64 and hexadecimal digits stand for. */
export function scanBlobs(
  scan: LayerScan,
  text: Uint8Array,
  layer: Layer,
  { sextets, digitsBefore }: { sextets: Sextets; digitsBefore: number },
): void {
  const decoded = scanRuns(scan, text, layer, { sextets, digitsBefore });
  scanHidden(scan, layer, { sextets, decoded });
  scanHiddenGzip(scan, layer, { sextets, decoded });
  scanByteLists(scan, text, layer);
}

/** Digits that were decoded with groups beginning at `first`. */
interface Decoded {
  readonly first: number;
  readonly end: number;
}

/** Unbroken runs are decoded as they stand, whatever comes out. */
function scanRuns(
  scan: LayerScan,
  text: Uint8Array,
  layer: Layer,
  { sextets, digitsBefore }: { sextets: Sextets; digitsBefore: number },
): readonly Decoded[] {
  const decoded: Decoded[] = [];
  const places = sextets.places();
  for (let run = nextRun(text, 0); run && !scan.isOver; run = nextRun(text, run.end)) {
    const skip = run.start === 0 ? (4 - digitsBefore % 4) % 4 : 0;
    const first = places.before(run.start) + skip;
    const end = run.isBroken ? places.before(run.end) : first - skip + run.end - run.start;
    decoded.push({ first, end });
    scanRun(scan, layer, { run, sextets, decoded: { first, end } });
    scanHexRuns(scan, text, layer, run);
  }
  return decoded;
}

interface SextetRun {
  readonly run: Run;
  readonly sextets: Sextets;
  readonly decoded: Decoded;
}

function scanRun(scan: LayerScan, layer: Layer, at: SextetRun): void {
  const { run, sextets, decoded } = at;
  const { scratch } = scan.tools;
  const out = scratch.borrow(decoded.end - decoded.first);
  const written = decodeDigits(sextets.digits, decoded, out);
  if (isWorthIt(out, written)) {
    scan.scan(out.subarray(0, written), {
      ...inside(layer, "base64"),
      isBinary: true,
      toRoot: (from, to) => {
        if (from === 0 && to >= written) return layer.toRoot(run.start, run.end);
        return rangeOf(layer, sextets, { ...decoded, from, to });
      },
    });
  }
  scratch.giveBack(out);
}

/** The place of a part of what digits were decoded to. */
function rangeOf(
  layer: Layer,
  sextets: Sextets,
  { first, end, from, to }: Decoded & { readonly from: number; readonly to: number },
): ByteRange | undefined {
  const start = sextets.offsetOf(first + Math.floor(from * 4 / 3));
  const last = sextets.offsetOf(Math.min(end, first + Math.ceil(to * 4 / 3)) - 1);
  return layer.toRoot(start, last + 1);
}

/** A longer blob is looked through in any case. */
const SHORT = 256;
/** Letters and digits that a piece of a secret has. */
const LEAST_ALPHANUMERICS = 12;

/** Few of the short blobs that names and numbers look like hold letters, text or a magic number. */
function isWorthIt(bytes: Uint8Array, length: number): boolean {
  if (length > SHORT) return true;
  let alphanumerics = 0;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number;
    alphanumerics += ALPHANUMERIC[byte] as number;
    if (byte === 0x1f || byte === 0xb5 || (at === 0 && (byte & 0x0f) === 8)) return true;
  }
  return alphanumerics >= LEAST_ALPHANUMERICS ||
    nextText(bytes, 0, length) !== undefined;
}

function inside(layer: Layer, how: string): Omit<Layer, "toRoot"> {
  return {
    chain: [...layer.chain, how],
    decodings: layer.decodings - 1,
    views: 2,
    kinds: ALL_KINDS,
    isBinary: false,
  };
}

function scanHexRuns(scan: LayerScan, text: Uint8Array, layer: Layer, within: Run): void {
  const { scratch } = scan.tools;
  let run = nextHexRun(text, within.start, within.end);
  for (; run && !scan.isOver; run = nextHexRun(text, run.end, within.end)) {
    const { start, end } = run;
    const out = scratch.borrow((end - start) >> 1);
    for (const skip of [0, 1]) {
      const written = decodeHex(text, { start: start + skip, end }, out);
      const bytes = out.subarray(0, written);
      if (skip === 1 && !nextText(bytes, 0)) continue;
      scan.scan(bytes, {
        ...inside(layer, "hex"),
        isBinary: true,
        toRoot: () => layer.toRoot(start, end),
      });
    }
    scratch.giveBack(out);
  }
}

/** Bytes that are listed one by one: dumps, and arrays as programs print them. */
function scanByteLists(scan: LayerScan, text: Uint8Array, layer: Layer): void {
  const { scratch } = scan.tools;
  let list = nextByteList(text, 0);
  for (; list && !scan.isOver; list = nextByteList(text, list.end + 1)) {
    const { start, end } = list;
    const out = scratch.borrow(end - start);
    for (const decode of [decodeDecimals, decodePairs]) {
      const bytes = out.subarray(0, decode(text, list, out));
      if (!nextText(bytes, 0)) continue;
      scan.scan(bytes, {
        ...inside(layer, decode === decodePairs ? "hex" : "list of bytes"),
        isBinary: true,
        toRoot: () => layer.toRoot(start, end),
      });
    }
    scratch.giveBack(out);
  }
}

/** Text in digits that begin or are broken in another way, wherever it can be seen to be text. */
function scanHidden(
  scan: LayerScan,
  layer: Layer,
  { sextets, decoded }: { sextets: Sextets; decoded: readonly Decoded[] },
): void {
  const { scratch } = scan.tools;
  findHiddenText(sextets.digits, sextets.count, (found) => {
    if (scan.isOver || isAmong(found, decoded)) return;
    const out = scratch.borrow(found.end - found.first);
    const written = decodeDigits(sextets.digits, found, out);
    scan.scan(out.subarray(0, written), {
      ...inside(layer, "base64"),
      toRoot: (from, to) => rangeOf(layer, sextets, { ...found, from, to }),
    });
    scratch.giveBack(out);
  });
}

/** How many digits of a hidden gzip stream are looked at. */
const MOST_GZIP_DIGITS = 1024 * 1024;
/** The digit behind the magic number has a gzip stream's flags, of which three bits must be 0. */
const MOST_FLAGS = 7;
const GZIP_MAGIC = [...new TextEncoder().encode("H4sI")].map((byte) => SEXTET[byte]);
/** For each digit its place in the magic number, -1 where it has none. */
const PLACE_IN_MAGIC = Int8Array.from({ length: 65 }, (_, digit) => GZIP_MAGIC.indexOf(digit));

/** Streams whose magic number stands at the beginning of a group, but not of its run's. */
function scanHiddenGzip(
  scan: LayerScan,
  layer: Layer,
  { sextets, decoded }: { sextets: Sextets; decoded: readonly Decoded[] },
): void {
  const { digits } = sextets;
  for (const run of decoded) {
    let at = nextMagic(digits, run.first, run.end);
    for (; at >= 0; at = nextMagic(digits, at + 1, run.end)) {
      if (scan.isOver) return;
      const isFlagged = at + 4 < run.end && (digits[at + 4] as number) <= MOST_FLAGS;
      if (!isFlagged || (at - run.first) % 4 === 0) continue;
      if (!scan.beginStream()) return;
      scanDigits(scan, layer, { at, run, sextets });
    }
  }
}

/** Where the magic number stands next; a look at each fourth digit finds it. */
function nextMagic(digits: Uint8Array, from: number, end: number): number {
  for (let look = from + 3; look < end; look += 4) {
    const place = PLACE_IN_MAGIC[digits[look] as number] as number;
    const at = look - place;
    if (place < 0 || at < from || at + 4 > end) continue;
    if (GZIP_MAGIC.every((digit, n) => digits[at + n] === digit)) return at;
  }
  return -1;
}

function scanDigits(
  scan: LayerScan,
  layer: Layer,
  { at, run, sextets }: { at: number; run: Decoded; sextets: Sextets },
): void {
  const { scratch } = scan.tools;
  const found = { first: at, end: Math.min(run.end, at + MOST_GZIP_DIGITS) };
  const out = scratch.borrow(found.end - found.first);
  const written = decodeDigits(sextets.digits, found, out);
  scan.scan(out.subarray(0, written), {
    ...inside(layer, "base64"),
    isBinary: true,
    toRoot: (from, to) => rangeOf(layer, sextets, { ...found, from, to }),
  });
  scratch.giveBack(out);
}

function isAmong(found: HiddenText, decoded: readonly Decoded[]): boolean {
  let low = 0;
  let high = decoded.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((decoded[middle]?.first ?? 0) <= found.first + 4) low = middle;
    else high = middle;
  }
  const run = decoded[low];
  return run !== undefined && found.first + 4 >= run.first && found.end - 4 <= run.end &&
    (found.first - run.first) % 4 === 0;
}
