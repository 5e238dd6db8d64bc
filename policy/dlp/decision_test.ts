import assert from "node:assert/strict";
import { denialBody } from "../egress/verdict.ts";
import { Secret } from "../secret.ts";
import { decideMatch, foundSecret, foundSecrets, secretDenial } from "./decision.ts";
import type { Finding } from "./finding.ts";

const FINDING: Finding = {
  detector: "known_secrets",
  kind: "EGRESS_TOKEN_0",
  writtenAs: ["base64", "gzip"],
  range: { start: 0, end: 5 },
  value: new Secret("VALUE"),
};
const UNSCANNABLE: Finding = { ...FINDING, kind: "unscannable" };

Deno.test("the route's policy decides, but nothing unsafe is rewritten and nothing unscanned held", () => {
  assert.equal(decideMatch("block", [FINDING], true), "block");
  assert.equal(decideMatch("redact", [FINDING], true), "redact");
  assert.equal(decideMatch("redact", [FINDING], false), "block");
  assert.equal(decideMatch("supervise", [FINDING], true), "hold");
  for (const action of ["redact", "supervise"] as const) {
    assert.equal(decideMatch(action, [FINDING, UNSCANNABLE], true), "block");
  }
});

Deno.test("a denial names detector, kind, place and disguise, and never the value", () => {
  const denial = secretDenial("api.example.com", [foundSecret(FINDING, "header x-key")]);
  const { json, text } = denialBody(denial);
  const body = JSON.parse(json);
  assert.equal(denial.status, 403);
  assert.equal(body.error, "secret_found");
  assert.deepEqual(body.findings, [{
    detector: "known_secrets",
    kind: "EGRESS_TOKEN_0",
    place: "header x-key",
    written_as: ["base64", "gzip"],
  }]);
  assert.match(body.hint.text, /Leave the credential out/);
  for (const shown of [json, text]) assert.ok(!shown.includes("VALUE"));
});

Deno.test("a refused hold says what came of asking, with the person's words", () => {
  const found = [foundSecret(FINDING, "body")];
  const rejected = secretDenial("h", found, { outcome: "rejected", notes: "use the other key" });
  const body = JSON.parse(denialBody(rejected).json);
  assert.deepEqual(body.supervise, { outcome: "rejected", notes: "use the other key" });
  assert.match(body.message, /a person rejected it: use the other key/);
  for (const outcome of ["timed_out", "queue_failed", "not_wired", "too_many"] as const) {
    const { message, hint } = JSON.parse(denialBody(secretDenial("h", found, { outcome })).json);
    assert.ok(message.includes(";") && hint.text.length > 0);
  }
});

Deno.test("a long list of findings is cut", () => {
  const found = Array.from({ length: 500 }, () => foundSecret(FINDING, "body"));
  assert.ok(denialBody(secretDenial("h", found)).json.length < 5_000);
});

Deno.test("what was found twice in one place is told once", () => {
  const places = ["host", "host", "body"];
  const found = foundSecrets(places.map((place) => ({ finding: FINDING, place })));
  assert.deepEqual(found.map(({ place }) => place), ["host", "body"]);
});
