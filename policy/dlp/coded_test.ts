import assert from "node:assert/strict";
import { Secret } from "../secret.ts";
import { besideCoded, DETECTOR_FAILED, isGzip } from "./coded.ts";
import type { Finding } from "./finding.ts";

function unscannable(why: string): Finding {
  return {
    detector: "known_secrets",
    kind: "unscannable",
    writtenAs: [why],
    value: new Secret("x"),
  };
}

Deno.test("beside its content a coded body passes a bound of the scan, and no failed detector", () => {
  const { isSafe } = besideCoded({ detectors: ["known_secrets"], isSafe: () => false });
  assert.equal(isSafe(unscannable("a compressed stream holds too much")), true);
  assert.equal(isSafe(unscannable(DETECTOR_FAILED)), false);
  assert.equal(isSafe({ ...unscannable(""), kind: "EGRESS_TOKEN_0" }), false);
});

Deno.test("an archive is known by its first three bytes", () => {
  assert.equal(isGzip(Uint8Array.of(0x1f, 0x8b, 8, 0)), true);
  assert.equal(isGzip(Uint8Array.of(0x1f, 0x8b)), undefined);
  assert.equal(isGzip(new Uint8Array()), undefined);
  assert.equal(isGzip(Uint8Array.of(0x1f, 0x8b, 9)), false);
  assert.equal(isGzip(Uint8Array.of(0x50)), false);
});
