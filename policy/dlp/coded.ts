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
 * How a coded body is scanned as it is: what it holds is decoded and scanned besides, but what
 * stands beside that, such as the comment in an archive, is to be found as in any other body.
 */
export function besideCoded(request: ScanRequest): ScanRequest {
  return { ...request, isDecodedBesides: true };
}
