import type { Compression } from "../scan.ts";
import { ALL_KINDS } from "../views/interest.ts";
import { type Compressed, nextCompressed } from "./compressed.ts";
import type { Layer } from "./layer.ts";
import type { LayerScan } from "./layer_scan.ts";
import { holdsZstdFrame } from "./zstd_frame.ts";

/** Bytes that one compressed stream may hold, so that a bomb is told from an archive. */
export const MOST_INFLATED = 1024 * 1024;

/** Scans what a text's compressed streams hold. */
export function scanCompressed(scan: LayerScan, text: Uint8Array, layer: Layer): void {
  // What is decoded and scanned besides is looked into here only as far as the bounds allow.
  const isFree = scan.isDecodedBesides && layer.chain.length === 0;
  let next = nextCompressed(text, 0);
  while (next && !scan.isOver) {
    if (!scan.beginStream({ isFree })) return;
    scanStream(scan, text, layer, { ...next, isFree });
    next = nextCompressed(text, next.at + 1);
  }
}

function scanStream(
  scan: LayerScan,
  text: Uint8Array,
  layer: Layer,
  { at, format, isFree }: Compressed & { readonly isFree: boolean },
): void {
  const bytes = text.subarray(at);
  const inflated = scan.tools.inflate(format, bytes, MOST_INFLATED);
  if (inflated === "too-large") {
    if (!isFree) scan.giveUp("a compressed stream holds too much");
    return;
  }
  const isReadable = inflated !== undefined;
  // Nothing of a block comes out before its end, and others may read what is missing here.
  const isWhole = format !== "zstd" || (isReadable && holdsZstdFrame(bytes));
  const mayGoOn = scan.isCutOff && (!isWhole || isOpen(scan, { format, bytes, inflated }));
  if (!isFree) {
    const range = layer.toRoot(layer.chain.length === 0 ? at : 0, text.length);
    const goesOn = mayGoOn && scan.noteOpen(range);
    if (!isWhole && !goesOn) scan.giveUp("a compressed stream cannot be read");
  }
  if (!isReadable || !scan.grant(inflated.length, { isFree })) return;
  scan.scan(inflated, {
    chain: [...layer.chain, format],
    decodings: layer.decodings - 1,
    views: 2,
    kinds: ALL_KINDS,
    isBinary: true,
    toRoot: () => layer.chain.length === 0 ? undefined : layer.toRoot(0, text.length),
  });
}

/** More compressed bytes than a block's header has, which give nothing yet. */
const SOME_BYTES = 1024;

/** Does the stream still say something in the last of its bytes? */
function isOpen(
  scan: LayerScan,
  { format, bytes, inflated }: {
    format: Compression;
    bytes: Uint8Array;
    inflated: Uint8Array | undefined;
  },
): boolean {
  if (inflated === undefined) return false;
  const shorter = bytes.subarray(0, Math.max(0, bytes.length - SOME_BYTES));
  const less = scan.tools.inflate(format, shorter, MOST_INFLATED);
  return less === undefined || less.length !== inflated.length;
}
