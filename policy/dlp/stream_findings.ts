import { Secret } from "../secret.ts";
import type { ByteRange, Finding } from "./finding.ts";
import type { Hit } from "./nested/layer.ts";
import { latin1 } from "./nested/layer_scan.ts";

/** Findings that are told of at once. */
export const MOST_FINDINGS = 64;

/** Where hits were found. */
export interface HitPlace {
  /** Offset of the window in the body. */
  readonly offset: number;
  readonly window: Uint8Array;
  readonly isSafe: (finding: Finding) => boolean;
}

/** The hits that the operator did not call safe, in order, apart, and bounded in number. */
export function toFindings(hits: readonly Hit[], place: HitPlace): readonly Finding[] {
  const findings = hits.map((hit) => toFinding(hit, place)).filter((one) => !isSafe(one, place));
  return apart(findings);
}

/** The findings in order, those that overlap as one, and bounded in number. */
export function apart(findings: readonly Finding[]): readonly Finding[] {
  const inOrder = findings.toSorted((a, b) =>
    order(startOf(a), startOf(b)) || rank(a) - rank(b) || endOf(b) - endOf(a)
  );
  const found: Finding[] = [];
  for (const finding of inOrder) {
    const last = found.at(-1);
    if (last && endOf(last) > startOf(finding)) found[found.length - 1] = join(last, finding);
    else if (!found.some((one) => isSame(one, finding))) found.push(finding);
  }
  return found.slice(0, MOST_FINDINGS);
}

/** What cannot be judged is itself what an operator may call safe: this content, no other. */
function toFinding(hit: Hit, { offset, window }: HitPlace): Finding {
  const { detector, kind, writtenAs, range } = hit;
  const value = new Secret(kind === "unscannable" ? latin1(window) : hit.value);
  if (!range) return { detector, kind, writtenAs, value };
  return { detector, kind, writtenAs, value, range: moved(range, offset) };
}

function moved({ start, end }: ByteRange, by: number): ByteRange {
  return { start: start + by, end: end + by };
}

function isSafe(finding: Finding, { isSafe }: HitPlace): boolean {
  try {
    return isSafe(finding);
  } catch {
    return false;
  }
}

function startOf({ range }: Finding): number {
  return range?.start ?? Infinity;
}

function endOf({ range }: Finding): number {
  return range?.end ?? 0;
}

function order(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A known secret says more than the format that it has. */
function rank({ detector }: Finding): number {
  return ["known_secrets", "token_patterns", "entropy"].indexOf(detector);
}

function join(a: Finding, b: Finding): Finding {
  const first = rank(b) < rank(a) ? b : a;
  return { ...first, range: { start: startOf(a), end: Math.max(endOf(a), endOf(b)) } };
}

function isSame(a: Finding, b: Finding): boolean {
  return !a.range && !b.range && a.detector === b.detector && a.kind === b.kind &&
    a.value.reveal() === b.value.reveal();
}
