import { ESCAPES } from "../views/escape.ts";
import { fold, foldedLength } from "../views/fold.ts";
import type { FoldTable } from "../views/fold_table.ts";
import { ALL_KINDS, FOLDS } from "../views/interest.ts";
import { unescape } from "../views/unescape.ts";
import type { Layer } from "./layer.ts";
import { type Carried, type LayerScan, NOTHING_CARRIED } from "./layer_scan.ts";

/** What a view of one kind is called where a finding tells how it was written. */
const NAMES = new Map<number, string>([
  [ESCAPES.percent, "percent-encoding"],
  [ESCAPES.backslash, "backslash escapes"],
  [ESCAPES.entity, "character references"],
  [ESCAPES.quotedPrintable, "quoted-printable"],
  [FOLDS, "lookalikes"],
]);

const TOGETHER = ALL_KINDS & ~FOLDS;
const SEVERAL = "several escapes";

/** Scans what a text reads as once its escapes are undone or its characters folded. */
export function scanViews(
  scan: LayerScan,
  text: Uint8Array,
  layer: Layer,
  carried: Carried,
): void {
  const waiting = new Map(carried.views);
  const found = scan.tools.interests.find(text, layer.kinds);
  const isMixed = found.some(({ kinds }) => kinds === TOGETHER);
  for (const { kinds, bounds } of found) {
    const isPart = isMixed && kinds !== TOGETHER && kinds !== FOLDS;
    for (let n = 0; n + 1 < bounds.length && !scan.isOver; n += 2) {
      const [start = 0, end = 0] = bounds.slice(n, n + 2);
      const before = start > 0 ? undefined : waiting.get(kinds) ?? carried.before;
      if (start === 0) waiting.delete(kinds);
      scanView(scan, text, layer, { kinds, start, end, before, isPart });
    }
  }
  for (const [kinds, before] of waiting) {
    scanView(scan, text, layer, { kinds, start: 0, end: text.length, before, isPart: true });
  }
}

/** A part of a text to be viewed. */
interface Stretch {
  readonly kinds: number;
  readonly start: number;
  readonly end: number;
  readonly before: Uint8Array | undefined;
  /** Is there a view of more kinds as well, which is searched for blobs and more? */
  readonly isPart: boolean;
}

function scanView(scan: LayerScan, text: Uint8Array, layer: Layer, stretch: Stretch): void {
  const { kinds, start, end, before, isPart } = stretch;
  const source = text.subarray(start, end);
  const { scratch, table } = scan.tools;
  const room = roomOf(source, kinds);
  const out = scratch.borrow(room);
  const length = view(source, { kinds, out, table });
  const inner: Layer = {
    chain: [...layer.chain, NAMES.get(kinds) ?? SEVERAL],
    decodings: isPart ? 0 : layer.decodings,
    views: layer.views - 1,
    kinds: kinds === FOLDS ? TOGETHER : isPart ? kinds | FOLDS : ALL_KINDS,
    isBinary: false,
    toRoot: (from, to) => {
      const map = new Uint32Array(room + 1);
      view(source, { kinds, out: new Uint8Array(room), table, map });
      return layer.toRoot(start + (map[from] ?? 0), start + (map[to] ?? source.length));
    },
  };
  const carried = before ? { ...NOTHING_CARRIED, before } : NOTHING_CARRIED;
  scan.scan(out.subarray(0, length), inner, carried);
  scratch.giveBack(out);
}

/** Bytes that a view may have. */
export function roomOf(source: Uint8Array, kinds: number): number {
  return kinds === FOLDS ? foldedLength(source.length) : source.length;
}

/** How a view is made. */
export interface ViewOptions {
  readonly kinds: number;
  readonly table: FoldTable;
  /** Has {@linkcode roomOf} bytes. */
  readonly out: Uint8Array;
  readonly map?: Uint32Array;
}

/** Makes a view of any kind; gives the bytes written. */
export function view(source: Uint8Array, options: ViewOptions): number {
  if (options.kinds !== FOLDS) return unescape(source, options.out, options);
  return fold(source, options.out, options);
}
