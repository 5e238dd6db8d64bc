import type { OutboundDetector } from "../../egress/route.ts";
import type { ByteRange } from "../finding.ts";

/** Where a text stands that the scan looks at: the bytes themselves, or what came out of them. */
export interface Layer {
  /** How it came out of the bytes, outermost first. */
  readonly chain: readonly string[];
  /** Decodings that may still be undone within it. */
  readonly decodings: number;
  /** Views of it that may still be made, one within the other. */
  readonly views: number;
  /** The kinds that such views may be of, as a set of bits. */
  readonly kinds: number;
  /** May it be anything, of which only stretches are text? */
  readonly isBinary: boolean;
  /** The bytes that stand for a part of it; `undefined` when they cannot be told from others. */
  toRoot(start: number, end: number): ByteRange | undefined;
}

/** One thing found, before the operator's word and its neighbours are looked at. */
export interface Hit {
  readonly detector: OutboundDetector;
  readonly kind: string;
  readonly writtenAs: readonly string[];
  readonly range: ByteRange | undefined;
  readonly value: string;
}
