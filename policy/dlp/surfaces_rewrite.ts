import type { Header } from "../egress/end_to_end.ts";
import type { Finding } from "./finding.ts";
import {
  encodedMark,
  type HeadParts,
  type Layout,
  mark,
  replaceRanges,
  type Segment,
  segmentsAt,
} from "./surfaces.ts";
import type { SignedSurfaces } from "./surfaces_signed.ts";

/** What frames or opens a message; another value would make it another message. */
const FRAMING =
  /^(?:host|content-length|content-encoding|content-type|te|trailer|sec-websocket-.*)$/;

function isRewritable({ place }: Segment, signed: SignedSurfaces): boolean {
  if (signed.head) return false;
  switch (place.surface) {
    case "path":
    case "query":
      return true;
    case "header":
    case "trailer":
      return !FRAMING.test(place.name);
    default:
      return false;
  }
}

/** The one segment of a finding when it can be replaced there. */
function rewritable(
  layout: Layout,
  finding: Finding,
  signed: SignedSurfaces,
): Segment | undefined {
  const [segment, ...others] = segmentsAt(layout, finding.range);
  if (segment === undefined || others.length > 0 || finding.range === undefined) return undefined;
  const isInside = segment.start <= finding.range.start && finding.range.end <= segment.end;
  return isInside && isRewritable(segment, signed) ? segment : undefined;
}

/** Can each of the findings be replaced where it stands, with the request staying what it is? */
export function canRewrite(
  layout: Layout,
  findings: readonly Finding[],
  signed: SignedSurfaces,
): boolean {
  return findings.every((finding) => rewritable(layout, finding, signed) !== undefined);
}

/** A text of one segment with marks in place of the findings that stand there. */
function rewritten(
  text: string,
  segment: Segment | undefined,
  { findings, by }: { findings: readonly Finding[]; by: (finding: Finding) => string },
): string {
  if (segment === undefined) return text;
  const replacements = findings.flatMap((finding) => {
    const { range } = finding;
    if (range === undefined || range.start < segment.start || range.end > segment.end) return [];
    const own = { start: range.start - segment.start, end: range.end - segment.start };
    return [{ range: own, by: by(finding) }];
  });
  return replaceRanges(text, replacements);
}

function rewriteFields(
  layout: Layout,
  fields: readonly Header[],
  { findings, surface }: { findings: readonly Finding[]; surface: "header" | "trailer" },
): Header[] {
  return fields.map((field, index) => {
    const segment = layout.segments.find((one) =>
      one.field === index && one.place.surface === surface
    );
    const [name, value] = field;
    const clean = rewritten(value, segment, { findings, by: mark });
    // The same pair where nothing changed: others know it by its identity.
    return clean === value ? field : [name, clean];
  });
}

/**
 * A head with marks in place of findings, each of which must be one that {@linkcode canRewrite}
 * approves. Path and query are percent-encoded; the request has to be decided on again.
 */
export function rewriteHead(
  layout: Layout,
  parts: HeadParts,
  findings: readonly Finding[],
): HeadParts {
  const segment = (surface: "path" | "query"): Segment | undefined =>
    layout.segments.find(({ place }) => place.surface === surface);
  return {
    ...parts,
    path: rewritten(parts.path, segment("path"), { findings, by: encodedMark }),
    query: rewritten(parts.query, segment("query"), { findings, by: encodedMark }),
    headers: rewriteFields(layout, parts.headers, { findings, surface: "header" }),
  };
}

/** Trailers with marks in place of findings. */
export function rewriteTrailers(
  layout: Layout,
  trailers: readonly Header[],
  findings: readonly Finding[],
): readonly Header[] {
  return rewriteFields(layout, trailers, { findings, surface: "trailer" });
}
