import { UNSCANNABLE } from "./decision.ts";
import type { ScanRequest } from "./scan.ts";

/** What a finding is written as whose detector threw. */
export const DETECTOR_FAILED = "the detector failed";

/** What a gzip member begins with: its magic and its only method (RFC 1952, section 2.3). */
const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 0x08);

/** Is this body an archive, whatever its headers say? `undefined`: too short to tell. */
export function isGzip(head: Uint8Array): boolean | undefined {
  const known = Math.min(head.length, GZIP_HEAD.length);
  if (!GZIP_HEAD.subarray(0, known).every((byte, index) => head[index] === byte)) return false;
  return known === GZIP_HEAD.length ? true : undefined;
}

/**
 * How a coded body is scanned as it is. It holds a compressed stream, which the scan of bytes looks
 * into only as far as it may; where all of it is decoded and scanned besides, that bound is no
 * finding. A detector that failed stays one.
 */
export function besideCoded({ detectors, isSafe }: ScanRequest): ScanRequest {
  return {
    detectors,
    isSafe: (finding) =>
      (finding.kind === UNSCANNABLE && !finding.writtenAs.includes(DETECTOR_FAILED)) ||
      isSafe(finding),
  };
}
