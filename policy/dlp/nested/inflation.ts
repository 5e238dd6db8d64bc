import type { Compression } from "../scan.ts";
import { ALL_KINDS } from "../views/interest.ts";
import { nextCompressed } from "./compressed.ts";
import type { Layer } from "./layer.ts";
import type { LayerScan } from "./layer_scan.ts";

/** Bytes that one compressed stream may hold, so that a bomb is told from an archive. */
export const MOST_INFLATED = 1024 * 1024;

/** Scans what a text's compressed streams hold. */
export function scanCompressed(scan: LayerScan, text: Uint8Array, layer: Layer): void {
  let next = nextCompressed(text, 0);
  while (next && !scan.isOver) {
    if (!scan.beginStream()) return;
    const { at, format } = next;
    const inflated = scan.tools.inflate(format, text.subarray(at), MOST_INFLATED);
    if (inflated === "too-large") return scan.giveUp("a compressed stream holds too much");
    if (inflated !== undefined) {
      if (isOpen(scan, { format, bytes: text.subarray(at), inflated })) {
        scan.noteOpen(layer.toRoot(layer.chain.length === 0 ? at : 0, text.length));
      }
      scan.grant(8 * inflated.length);
      scan.scan(inflated, {
        chain: [...layer.chain, format],
        decodings: layer.decodings - 1,
        views: 2,
        kinds: ALL_KINDS,
        isBinary: true,
        toRoot: () => layer.chain.length === 0 ? undefined : layer.toRoot(0, text.length),
      });
    }
    next = nextCompressed(text, at + 1);
  }
}

/** More compressed bytes than a block's header has, which give nothing yet. */
const SOME_BYTES = 1024;

/** Does the stream still say something in the last of its bytes? */
function isOpen(
  scan: LayerScan,
  { format, bytes, inflated }: { format: Compression; bytes: Uint8Array; inflated: Uint8Array },
): boolean {
  if (!scan.isCutOff) return false;
  const shorter = bytes.subarray(0, Math.max(0, bytes.length - SOME_BYTES));
  const less = scan.tools.inflate(format, shorter, MOST_INFLATED);
  return less === undefined || less.length !== inflated.length;
}
