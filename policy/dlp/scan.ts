import type { OutboundDetector } from "../egress/route.ts";
import type { Secret } from "../secret.ts";
import type { Finding } from "./finding.ts";

/** A compression that the scan can look into. */
export type Compression = "gzip" | "deflate" | "br" | "zstd";

/**
 * What the scan asks of its platform, so that it stays pure itself: decompresses at most
 * `maxBytes` of output, as far as a cut-off input goes. Gives `undefined` for what is not in that
 * format and `"too-large"` for what holds more.
 */
export type Inflate = (
  format: Compression,
  bytes: Uint8Array,
  maxBytes: number,
) => Uint8Array | "too-large" | undefined;

/** What a scanner is made of, once per bottle. */
export interface ScannerOptions {
  /** The values that the sidecar holds, by the name to tell of. */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly inflate: Inflate;
}

/** How one request is scanned. */
export interface ScanRequest {
  readonly detectors: readonly OutboundDetector[];
  /** Has the operator called this value safe? Such findings are left out. */
  readonly isSafe: (finding: Finding) => boolean;
  /**
   * What the bytes' own compressed streams hold is scanned besides. They are looked into as far as
   * the bounds allow, and to reach one is no finding.
   */
  readonly isDecodedBesides?: boolean;
}

/** Scans what a bottle sends. Everything is prepared when it is made; nothing changes after. */
export interface OutboundScanner {
  /**
   * Scans bytes as a whole. Never throws: a detector that fails is a finding. The findings are in
   * the order of their place, do not overlap, and are bounded in number; what lies behind the last
   * one of a bounded list is not known to be clean.
   */
  scan(bytes: Uint8Array, request: ScanRequest): readonly Finding[];
  /** Begins a scan of a body that arrives in chunks. */
  stream(request: ScanRequest): StreamScan;
}

/** What a chunk led to. */
export type StreamStep =
  /** These bytes may leave, in this order. */
  | { readonly ok: true; readonly release: readonly Uint8Array[] }
  /** Nothing may leave until `retry` or `redact` says so; what left holds no complete match. */
  | { readonly ok: false; readonly findings: readonly Finding[] };

/**
 * One body in chunks. For every way to cut a body into chunks the verdict is that of the whole, and
 * no complete match is ever released.
 */
export interface StreamScan {
  push(chunk: Uint8Array): StreamStep;
  /** The sender pauses: releases what is clean so far, so that a live exchange goes on. */
  pause(): StreamStep;
  end(): StreamStep;
  /** After findings: looks again, for `isSafe` may answer otherwise now. */
  retry(): StreamStep;
  /** After findings: goes on with `replacement(finding)` in place of each, where all can be. */
  redact(replacement: (finding: Finding) => Uint8Array): StreamStep;
}
