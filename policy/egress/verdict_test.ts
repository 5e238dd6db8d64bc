import assert from "node:assert/strict";
import fc from "fast-check";
import { askFor, denialBody, excerpt, forbidden, malformed } from "./verdict.ts";

Deno.test("a denial tells programs and people what to ask for and how", () => {
  const denial = {
    ...forbidden("rule_not_matched", {
      host: "a.example",
      message: "GET /v2 matches no rule of the route a.example",
      hint: askFor({ host: "a.example", matches: [{ methods: ["GET"] }] }),
    }),
    failures: ["rule 1: path /v2 is not under prefix /v1/"],
  };
  const { json, text } = denialBody(denial);
  const body = JSON.parse(json);
  assert.equal(body.error, "rule_not_matched");
  assert.equal(body.host, "a.example");
  assert.equal(body.hint.tool, "egress-allow");
  assert.deepEqual(body.hint.arguments.add, {
    host: "a.example",
    matches: [{ methods: ["GET"] }],
  });
  assert.match(text, /^bot-bottle: blocked: GET \/v2 matches no rule/);
  assert.match(text, /\n {2}rule 1: path \/v2 is not under prefix \/v1\/\n/);
  assert.match(text, /egress-allow.*_egress\.local\/allowlist/);
});

Deno.test("a malformed request gets no tool to ask with", () => {
  const { json } = denialBody(malformed("bad_target", "the request target cannot be used"));
  assert.deepEqual(Object.keys(JSON.parse(json).hint), ["text"]);
});

Deno.test("an excerpt is short and plain whatever it is taken from", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
    assert.match(excerpt(text), /^[\x20-\x7e]{0,203}$/);
  }));
  assert.equal(excerpt("\x1b[31mred\r\n"), "?[31mred??");
});
