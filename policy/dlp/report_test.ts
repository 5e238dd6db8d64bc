import assert from "node:assert/strict";
import { DEFAULT_DLP, type Route } from "../egress/route.ts";
import { describeScan } from "./report.ts";

const ROUTE: Route = {
  host: "api.example",
  matches: [],
  gitFetch: false,
  allowPrivate: false,
  dlp: DEFAULT_DLP,
};

const FOUND = {
  detector: "known_secrets",
  kind: "EXAMPLE_TOKEN",
  place: "body",
  writtenAs: ["base64"],
} as const;

Deno.test("a clean scan says what was looked at and for", () => {
  assert.deepEqual(describeScan({ route: ROUTE, known: ["A", "B"], found: [], bodyBytes: 12 }), [
    "scan: token_patterns, known_secrets over host, path, query, headers and a body of 12 bytes: " +
    "nothing found",
    "known secrets: A, B",
  ]);
});

Deno.test("a finding is told with its disguise and with what follows", () => {
  const lines = describeScan({ route: ROUTE, known: [], found: [FOUND], verdict: "hold" });
  assert.match(lines[0] ?? "", /headers and no body: 1 found$/);
  assert.deepEqual(lines.slice(1), [
    "known secrets: none is set here",
    "found: known_secrets: EXAMPLE_TOKEN in body written as base64",
    "outbound_on_match: supervise: the request waits for a person; without an approval in time " +
    "it is refused",
  ]);
});

Deno.test("a refusal in spite of the route's action says so", () => {
  const dlp = { ...DEFAULT_DLP, outboundOnMatch: "redact" } as const;
  const route = { ...ROUTE, dlp };
  const lines = describeScan({ route, known: [], found: [FOUND], verdict: "block" });
  assert.match(lines.at(-1) ?? "", /redact: the request is refused \(refused all the same/);
});

Deno.test("a route without detectors is told as such", () => {
  const dlp = { ...DEFAULT_DLP, outboundDetectors: [] };
  const lines = describeScan({ route: { ...ROUTE, dlp }, known: [], found: [] });
  assert.deepEqual(lines, ["scan: off for this route (outbound_detectors)"]);
});
