import { createOutboundScanner } from "../../policy/dlp/scanner.ts";
import type { OutboundScanner } from "../../policy/dlp/scan.ts";
import { layOutHead } from "../../policy/dlp/surfaces.ts";
import type { OutboundDetector } from "../../policy/egress/route.ts";
import { DEFAULT_DLP } from "../../policy/egress/route.ts";
import { Secret } from "../../policy/secret.ts";
import { inflate } from "../../sidecar/egress/inflate.ts";
import type { Recording } from "./recordings.ts";

/** A scanner that knows the given secrets, by name. */
export function scannerFor(secrets: Readonly<Record<string, string>>): OutboundScanner {
  const known = Object.entries(secrets).map(([name, value]): [string, Secret] => [
    name,
    new Secret(value),
  ]);
  return createOutboundScanner({ secrets: new Map(known), inflate });
}

/**
 * Scans bytes with the given detectors, the default ones unless named, and tells each finding with
 * the text around it; what alarmed is a sample or made up, so it may be shown.
 */
export function alarmsIn(
  scanner: OutboundScanner,
  bytes: Uint8Array,
  detectors: readonly OutboundDetector[] = DEFAULT_DLP.outboundDetectors,
): string[] {
  const shown = new TextDecoder("latin1");
  return scanner.scan(bytes, { detectors, isSafe: () => false }).map((finding) => {
    const { detector, kind, writtenAs, range } = finding;
    const around = range === undefined
      ? finding.value.reveal().slice(0, 100)
      : shown.decode(bytes.subarray(Math.max(0, range.start - 40), range.end + 40));
    return `${detector} ${kind} ${JSON.stringify(writtenAs)}: ${JSON.stringify(around)}`;
  });
}

/** The alarms of a whole request: its head as the proxy lays it out, and its body. */
export function alarmsOf(scanner: OutboundScanner, recording: Recording): string[] {
  const { target, headers, body, name } = recording;
  const [path = "", query] = target.split("?", 2);
  const sent = headers.filter(([header]) => header.toLowerCase() !== "authorization");
  const head = layOutHead({
    method: recording.method,
    host: recording.host,
    path,
    query: query === undefined ? "" : `?${query}`,
    headers: sent,
  });
  return [...alarmsIn(scanner, head.bytes), ...alarmsIn(scanner, body)]
    .map((alarm) => `${name}: ${alarm}`);
}
