import { ESCAPES } from "../views/escape.ts";
import { fold, foldedLength, type ViewPart } from "../views/fold.ts";
import type { FoldTable } from "../views/fold_table.ts";
import { ALL_KINDS, FOLDS, type Stretches } from "../views/interest.ts";
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
  { carried, leads }: { readonly carried: Carried; readonly leads?: readonly number[] },
): void {
  const waiting = new Map(carried.views);
  const found = scan.tools.interests.find(text, layer.kinds, leads);
  const isMixed = found.some(({ kinds }) => kinds === TOGETHER);
  for (const { kinds, bounds } of found) {
    const isFirst = bounds[0] === 0;
    const before = isFirst ? waiting.get(kinds) ?? carried.before : undefined;
    if (isFirst) waiting.delete(kinds);
    const isPart = isMixed && kinds !== TOGETHER && kinds !== FOLDS;
    scanView(scan, text, layer, { kinds, bounds, before, isPart });
    if (scan.isOver) return;
  }
  for (const [kinds, before] of waiting) {
    scanView(scan, text, layer, { kinds, bounds: [0, text.length], before, isPart: true });
  }
}

/** A view to be made of some stretches of a text. */
interface Plan extends Stretches {
  /** What stood before the text, in the same view. */
  readonly before: Uint8Array | undefined;
  /** Is there a view of more kinds as well, which is searched for blobs and more? */
  readonly isPart: boolean;
}

/** Stands between two stretches: no digit, no space, and no part of any token. */
const BETWEEN = 0x01;

function scanView(scan: LayerScan, text: Uint8Array, layer: Layer, plan: Plan): void {
  const { kinds, bounds, before, isPart } = plan;
  const { scratch, table } = scan.tools;
  const out = scratch.borrow(roomOf(bounds, kinds));
  const starts: number[] = [];
  let length = 0;
  for (let n = 0; n + 1 < bounds.length; n += 2) {
    if (n > 0) out[length++] = BETWEEN;
    starts.push(length);
    const [start = 0, end = 0] = [bounds[n], bounds[n + 1]];
    length = view(text, { kinds, table, out, start, end, at: length });
  }
  const place: ViewPlace = { text, kinds, bounds, table, starts, maps: [] };
  const inner: Layer = {
    chain: [...layer.chain, NAMES.get(kinds) ?? SEVERAL],
    decodings: isPart ? 0 : layer.decodings,
    views: layer.views - 1,
    kinds: kinds === FOLDS ? TOGETHER : isPart ? kinds | FOLDS : ALL_KINDS,
    isBinary: false,
    toRoot: (from, to) => layer.toRoot(sourceOf(from, place), sourceOf(to, place)),
  };
  const carried = before ? { ...NOTHING_CARRIED, before } : NOTHING_CARRIED;
  scan.scan(out.subarray(0, length), inner, carried);
  scratch.giveBack(out);
}

/** How a view was made. */
interface ViewPlace extends Stretches {
  readonly text: Uint8Array;
  readonly table: FoldTable;
  /** Where in the view each stretch begins. */
  readonly starts: readonly number[];
  /** Where each byte came from, for the stretches that something was found in. */
  readonly maps: (Uint32Array | undefined)[];
}

/** The offset in the text that an offset in its view stands for. */
function sourceOf(offset: number, place: ViewPlace): number {
  const { starts, bounds, maps } = place;
  const n = Math.max(0, starts.findLastIndex((start) => start <= offset));
  const map = maps[n] ??= mapOf(place, n);
  return map[offset - (starts[n] ?? 0)] ?? bounds[2 * n + 1] ?? 0;
}

/** Makes the view of a stretch again, to tell where each of its bytes came from. */
function mapOf({ text, kinds, bounds, table }: ViewPlace, n: number): Uint32Array {
  const [start = 0, end = 0] = bounds.slice(2 * n, 2 * n + 2);
  const room = roomOf([start, end], kinds);
  const map = new Uint32Array(room + 1);
  const length = view(text, { kinds, table, out: new Uint8Array(room), start, end, at: 0, map });
  return map.subarray(0, length + 1);
}

/** Bytes that a view of stretches may have. */
export function roomOf(bounds: readonly number[], kinds: number): number {
  let length = bounds.length;
  for (let n = 0; n + 1 < bounds.length; n += 2) length += (bounds[n + 1] ?? 0) - (bounds[n] ?? 0);
  return kinds === FOLDS ? foldedLength(length) : length;
}

/** How a view is made. */
export interface ViewOptions extends ViewPart {
  readonly kinds: number;
  readonly table: FoldTable;
  readonly out: Uint8Array;
}

/** Makes a view of any kind; tells where in `out` it ends. */
export function view(text: Uint8Array, options: ViewOptions): number {
  if (options.kinds !== FOLDS) return unescape(text, options.out, options);
  return fold(text, options.out, options);
}
