import type { Finding } from "../../policy/dlp/finding.ts";
import type { ScanRequest } from "../../policy/dlp/scan.ts";
import { secretDenial } from "../../policy/dlp/decision.ts";
import { locate, screenedParts } from "../../policy/dlp/screen_head.ts";
import {
  type HeadParts,
  type Layout,
  layOutHead,
  layOutTrailers,
} from "../../policy/dlp/surfaces.ts";
import { canRewrite, rewriteHead, rewriteTrailers } from "../../policy/dlp/surfaces_rewrite.ts";
import { signedSurfaces } from "../../policy/dlp/surfaces_signed.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { type Cleared, type ProxyContext, reclear } from "./clearance.ts";
import { LIMITS } from "./limits.ts";
import type { Match, OutboundScreen, Subject } from "./outbound.ts";
import { OutboundDenied } from "./outbound.ts";
import { denialAnswer, type OwnAnswer } from "./reply.ts";

/** What a cleared request is told about. */
export function subjectOf(cleared: Cleared, signal: AbortSignal): Subject {
  const { verdict, snapshot, view } = cleared;
  return {
    route: verdict.route,
    host: verdict.host,
    method: view.method,
    path: verdict.path,
    routesHash: snapshot.hash,
    signal,
  };
}

/**
 * Step 6 for what stands before the body. Gives the request as it may go, which a redaction may
 * have changed, or what is answered instead. Nothing is resolved or dialled before this is done.
 */
export async function screenHead(
  context: ProxyContext,
  cleared: Cleared,
  signal: AbortSignal,
): Promise<Cleared | OwnAnswer> {
  const scan = context.outbound.request(cleared.verdict.route);
  if (scan === undefined) return cleared;
  let current = cleared;
  for (let round = 0; round < LIMITS.scanRounds; round++) {
    const parts = partsOf(current);
    const layout = layOutHead(parts);
    const findings = context.outbound.scanner.scan(layout.bytes, scan);
    if (findings.length === 0) return current;
    const signed = signedSurfaces(parts.headers, parts.query);
    const settled = await context.outbound.settle(
      subjectOf(current, signal),
      matchesIn(context.outbound, layout, { findings, scan }),
      canRewrite(layout, findings, signed),
    );
    if (settled === "again") continue;
    if (settled !== "redact") return denialAnswer(settled);
    const clean = rewriteHead(layout, parts, findings);
    const decided = reclear(context, current, rewrittenView(current, parts, clean));
    if ("body" in decided) return decided;
    current = decided;
  }
  return denialAnswer(context.outbound.refuse(subjectOf(current, signal), secretDenial("", [])));
}

function partsOf({ verdict, view, headers }: Cleared): HeadParts {
  const { method, headers: received } = view;
  return screenedParts({ verdict, method, received, forwarded: headers });
}

/** The request that a redaction makes of another: what was not sent on stays as it was. */
function rewrittenView(
  { view }: Cleared,
  before: HeadParts,
  after: HeadParts,
): { readonly rawTarget: string; readonly headers: readonly Header[] } {
  const changed = new Map(before.headers.map((header, index) => [header, after.headers[index]]));
  return {
    rawTarget: after.path + after.query,
    headers: view.headers.map((header) => changed.get(header) ?? header),
  };
}

/**
 * Step 6 for what follows the body: the trailers as they may go.
 * @throws {OutboundDenied} when they may not.
 */
export async function screenTrailers(
  outbound: OutboundScreen,
  trailers: readonly Header[],
  subject: Subject,
): Promise<readonly Header[]> {
  const scan = outbound.request(subject.route);
  if (scan === undefined) return trailers;
  let current = trailers;
  for (let round = 0; round < LIMITS.scanRounds && current.length > 0; round++) {
    const layout = layOutTrailers(current);
    const findings = outbound.scanner.scan(layout.bytes, scan);
    if (findings.length === 0) return current;
    const signed = signedSurfaces(current, "");
    const matches = matchesIn(outbound, layout, { findings, scan });
    const settled = await outbound.settle(subject, matches, canRewrite(layout, findings, signed));
    if (settled === "redact") current = rewriteTrailers(layout, current, findings);
    else if (settled !== "again") throw new OutboundDenied(settled);
  }
  if (current.length === 0) return current;
  throw new OutboundDenied(outbound.refuse(subject, secretDenial("", [])));
}

function matchesIn(
  outbound: OutboundScreen,
  layout: Layout,
  { findings, scan }: { findings: readonly Finding[]; scan: ScanRequest },
): Match[] {
  const located = locate(layout, findings, { scanner: outbound.scanner, scan });
  const around = outbound.surroundings(layout.bytes);
  return located.map(({ finding, place, segments: [first] }) => ({
    finding,
    place,
    around: () => first === undefined ? "" : around(finding, first),
  }));
}
