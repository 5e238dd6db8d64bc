import type { Finding } from "./finding.ts";

/**
 * The bytes with each finding replaced; what is left is to be scanned again.
 *
 * @param findings in order and apart, with ranges in `bytes`, as a scan gives them
 * @returns `undefined` when one of them has no range, and so cannot be replaced
 */
export function redactBytes(
  bytes: Uint8Array,
  findings: readonly Finding[],
  replacement: (finding: Finding) => Uint8Array,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const finding of findings) {
    const { range } = finding;
    if (!range) return undefined;
    parts.push(bytes.subarray(at, range.start), replacement(finding));
    at = range.end;
  }
  parts.push(bytes.subarray(at));
  return concat(parts);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
