import type { Finding } from "./finding.ts";
import { type Carried, LayerScan, NOTHING_CARRIED, type ScanTools } from "./nested/layer_scan.ts";
import type { Hit, Layer } from "./nested/layer.ts";
import type { ScanRequest } from "./scan.ts";
import { carriedPast } from "./stream_carry.ts";
import { toFindings } from "./stream_findings.ts";
import { ALL_KINDS } from "./views/interest.ts";

/**
 * Bytes of a body that are scanned at once. A body is cut at its multiples however it arrives, so
 * that the verdict depends on what it says alone.
 */
export const BLOCK = 1024 * 1024;

/** Encodings within encodings that are undone. */
const MOST_DECODINGS = 4;
/** Views of views that are made. */
const MOST_VIEWS = 3;

/** How a window stands in its body. */
export interface WindowPlace {
  /** Offset in the body of the window's first byte. */
  readonly offset: number;
  /** Does the body end with it? */
  readonly isLast: boolean;
}

/** Scans a body window by window. */
export class WindowScan {
  readonly #tools: ScanTools;
  readonly #request: ScanRequest;
  #carried: Carried = NOTHING_CARRIED;
  #openAt: number | undefined;

  constructor(tools: ScanTools, request: ScanRequest) {
    this.#tools = tools;
    this.#request = request;
  }

  /** One that goes on where this one stands. */
  fork(): WindowScan {
    const fork = new WindowScan(this.#tools, this.#request);
    fork.#carried = this.#carried;
    return fork;
  }

  /** Where in the last window a compressed stream begins of which there may be more behind it. */
  get openAt(): number {
    return this.#openAt ?? Infinity;
  }

  /** Findings in a window, with ranges in the body. May be asked again before it advances. */
  scan(window: Uint8Array, place: WindowPlace): readonly Finding[] {
    const scan = new LayerScan(this.#tools, {
      detectors: this.#request.detectors,
      length: window.length,
      isCutOff: !place.isLast,
      isDecodedBesides: this.#request.isDecodedBesides,
    });
    const hits = this.#hitsOf(scan, window);
    this.#openAt = scan.openAt;
    return toFindings(hits, { offset: place.offset, window, isSafe: this.#request.isSafe });
  }

  #hitsOf(scan: LayerScan, window: Uint8Array): readonly Hit[] {
    if (this.#request.detectors.length === 0) return [];
    try {
      scan.scan(window, rootLayer(window), this.#carried);
      if (scan.openAt !== undefined && window.length - scan.openAt >= BLOCK) {
        scan.giveUp("a compressed stream is too long to look through");
      }
    } catch {
      scan.giveUp("the scan failed");
    }
    return scan.hits;
  }

  /**
   * Goes on behind a window that was scanned.
   *
   * @returns where in it the next window begins: before its end, so that what lies across is seen
   */
  advance(window: Uint8Array): number {
    const next = Math.max(
      0,
      Math.min(window.length - this.#tools.overlap, this.#openAt ?? Infinity),
    );
    this.#carried = carriedPast(window, next, { tools: this.#tools, carried: this.#carried });
    return next;
  }
}

function rootLayer(window: Uint8Array): Layer {
  return {
    chain: [],
    decodings: MOST_DECODINGS,
    views: MOST_VIEWS,
    kinds: ALL_KINDS,
    isBinary: !isAscii(window),
    toRoot: (start, end) => ({ start, end }),
  };
}

function isAscii(bytes: Uint8Array): boolean {
  const { length } = bytes;
  const lead = Math.min(length, (4 - bytes.byteOffset % 4) % 4);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + lead, (length - lead) >> 2);
  let seen = 0;
  for (let at = 0; at < words.length; at++) seen |= words[at] as number;
  if ((seen & 0x80808080) !== 0) return false;
  for (let at = 0; at < lead; at++) seen |= bytes[at] as number;
  for (let at = lead + words.length * 4; at < length; at++) seen |= bytes[at] as number;
  return (seen & 0x80) === 0;
}
