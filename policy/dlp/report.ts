import type { OutboundAction, Route } from "../egress/route.ts";
import type { FoundSecret } from "../egress/verdict.ts";
import { describeFound, type MatchVerdict } from "./decision.ts";

/** What the scan of one request came to, for people. */
export interface ScanReport {
  readonly route: Route;
  /** Names of the known secrets that were looked for. */
  readonly known: readonly string[];
  /** Bytes of the body; absent when there is none. */
  readonly bodyBytes?: number;
  readonly found: readonly FoundSecret[];
  /** What the findings lead to; absent when there are none. */
  readonly verdict?: MatchVerdict;
}

const WHAT_FOLLOWS: Readonly<Record<MatchVerdict, string>> = Object.freeze({
  block: "the request is refused",
  redact: "each is replaced by [redacted:<detector>] and the request goes on",
  hold: "the request waits for a person; without an approval in time it is refused",
});

/** Why a route's action is not what happens. */
function exception(action: OutboundAction, verdict: MatchVerdict): string {
  if (verdict !== "block" || action === "block") return "";
  return " (refused all the same: it could not be scanned or not be rewritten there)";
}

/** One line for what was looked at and one for each finding and its consequence; no values. */
export function describeScan(report: ScanReport): readonly string[] {
  const { route: { dlp }, known, bodyBytes, found, verdict } = report;
  if (dlp.outboundDetectors.length === 0) return ["scan: off for this route (outbound_detectors)"];
  const looksForKnown = dlp.outboundDetectors.includes("known_secrets");
  const names = known.length === 0 ? "none is set here" : known.join(", ");
  const where = bodyBytes === undefined ? "no body" : `a body of ${bodyBytes} bytes`;
  return [
    `scan: ${dlp.outboundDetectors.join(", ")} over host, path, query, headers and ${where}: ` +
    (found.length === 0 ? "nothing found" : `${found.length} found`),
    ...(looksForKnown ? [`known secrets: ${names}`] : []),
    ...found.map((one) => `found: ${describeFound(one)}`),
    ...(verdict === undefined ? [] : [
      `outbound_on_match: ${dlp.outboundOnMatch}: ${WHAT_FOLLOWS[verdict]}` +
      exception(dlp.outboundOnMatch, verdict),
    ]),
  ];
}
