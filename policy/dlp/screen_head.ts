import type { Header } from "../egress/end_to_end.ts";
import type { Verdict } from "../egress/verdict.ts";
import type { Finding } from "./finding.ts";
import type { OutboundScanner, ScanRequest } from "./scan.ts";
import {
  describePlace,
  type HeadParts,
  type Layout,
  type Segment,
  segmentsAt,
} from "./surfaces.ts";

/** A request that the rules let pass, with its headers as they came and as they go on. */
export interface PassedHead {
  readonly verdict: Extract<Verdict, { action: "forward" }>;
  readonly method: string;
  readonly received: readonly Header[];
  readonly forwarded: readonly Header[];
}

/** What of a head goes upstream, but for the credential that the proxy puts in itself. */
export function screenedParts({ verdict, method, received, forwarded }: PassedHead): HeadParts {
  const isOwn = ([name]: Header): boolean => name.toLowerCase() === "authorization";
  const sent = forwarded.filter((header) => !isOwn(header));
  // On a route without a credential it is an attempt to bring one along, and stripped as well.
  const brought = verdict.route.auth === undefined ? received.filter(isOwn) : [];
  return {
    method,
    host: verdict.host,
    path: verdict.path,
    query: verdict.query,
    headers: [...sent, ...brought],
  };
}

/** A finding and where in a layout it stands. */
export interface Located {
  readonly finding: Finding;
  readonly segments: readonly Segment[];
  /** In words. */
  readonly place: string;
}

/** Tells of each finding where it stands; each surface alone is looked at where it does not say. */
export function locate(
  layout: Layout,
  findings: readonly Finding[],
  { scanner, scan }: { readonly scanner: OutboundScanner; readonly scan: ScanRequest },
): readonly Located[] {
  return findings.map((finding) => {
    const touched = segmentsAt(layout, finding.range);
    const segments = touched.length > 0
      ? touched
      : layout.segments.filter(({ start, end }) =>
        scanner.scan(layout.bytes.subarray(start, end), scan).some((one) =>
          one.detector === finding.detector && one.kind === finding.kind
        )
      );
    const names = [...new Set(segments.map(({ place }) => describePlace(place)))];
    return { finding, segments, place: names.join(" and ") || "the head of the request" };
  });
}
