import type { OutboundDetector } from "../egress/route.ts";
import type { Secret } from "../secret.ts";

/** Half-open range of bytes in what was scanned. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One thing that must not leave as it is. */
export interface Finding {
  readonly detector: OutboundDetector;
  /**
   * What it is, in a word that may be shown: the id of a token pattern (`github-classic`), the name
   * of a known secret's variable (`EGRESS_TOKEN_0`), `random-text` for entropy, `unscannable` where
   * a detector failed or a bound was passed.
   */
  readonly kind: string;
  /** How it was written, outermost first, in words: empty when as it is, else `base64`, `gzip`... */
  readonly writtenAs: readonly string[];
  /** What has to be replaced in the scanned bytes; absent where no part of them can be. */
  readonly range?: ByteRange;
  /**
   * What identifies the value when an operator calls it safe: the known secret itself, or the text
   * that matched after decoding.
   */
  readonly value: Secret;
}
