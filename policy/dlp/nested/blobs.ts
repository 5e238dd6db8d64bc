import { ALL_KINDS } from "../views/interest.ts";
import { decodeRun, type Decoding, nextRun, type Run } from "./base64.ts";
import { decodeHex, nextHexRun } from "./hex.ts";
import { decodeDigits, findHiddenText, type HiddenText } from "./hidden_text.ts";
import type { Layer } from "./layer.ts";
import type { LayerScan } from "./layer_scan.ts";
import { Sextets } from "./sextets.ts";
import { nextText } from "./text_run.ts";

/** Shorter blobs hold nothing that a detector could find. */
const LEAST_DIGITS = 16;

/** Scans what a text's base64 and hexadecimal digits stand for. */
export function scanBlobs(
  scan: LayerScan,
  text: Uint8Array,
  layer: Layer,
  digitsBefore: number,
): void {
  if (text.length < LEAST_DIGITS) return;
  const { scratch } = scan.tools;
  const room = scratch.borrow(text.length + 1);
  const sextets = new Sextets(text, room);
  const decoded = scanRuns(scan, text, layer, { sextets, digitsBefore });
  scanHidden(scan, layer, { sextets, decoded });
  scratch.giveBack(room);
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
  for (let run = nextRun(text, 0); run && !scan.isOver; run = nextRun(text, run.end)) {
    const skip = run.start === 0 ? (4 - digitsBefore % 4) % 4 : 0;
    decoded.push({
      first: sextets.before(run.start) + skip,
      end: sextets.before(run.end),
    });
    scanRun(scan, text, layer, { run, skip });
    scanHexRuns(scan, text, layer, run);
  }
  return decoded;
}

function scanRun(scan: LayerScan, text: Uint8Array, layer: Layer, decoding: Decoding): void {
  const { run } = decoding;
  const { scratch } = scan.tools;
  const room = Math.ceil((run.end - run.start) * 3 / 4);
  const out = scratch.borrow(room);
  const written = decodeRun(text, out, decoding);
  scan.scan(out.subarray(0, written), {
    ...inside(layer, "base64"),
    isBinary: true,
    toRoot: (from, to) => {
      const map = new Uint32Array(room + 1);
      decodeRun(text, new Uint8Array(room), { ...decoding, map });
      const last = map[Math.min(to, written)] ?? run.end;
      return layer.toRoot(map[from] ?? run.start, Math.min(last + 1, run.end));
    },
  });
  scratch.giveBack(out);
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
      toRoot: (from, to) => {
        const first = sextets.offsetOf(found.first + Math.floor(from * 4 / 3));
        const last = sextets.offsetOf(Math.min(found.end, found.first + Math.ceil(to * 4 / 3)) - 1);
        return layer.toRoot(first, last + 1);
      },
    });
    scratch.giveBack(out);
  });
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
