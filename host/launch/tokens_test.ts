import assert from "node:assert/strict";
import { DEFAULT_DLP, type Route } from "../../policy/egress/route.ts";
import { planTokens } from "./tokens.ts";

function route(host: string, tokenEnv?: string): Route {
  const base = { host, matches: [], gitFetch: false, allowPrivate: false, dlp: DEFAULT_DLP };
  return tokenEnv === undefined ? base : { ...base, auth: { scheme: "Bearer", tokenEnv } };
}

Deno.test("each host variable becomes one numbered token, shared by the routes that name it", () => {
  const routes = [route("a.example", "ONE"), route("b.example", "TWO"), route("c.example", "ONE")];
  const plan = planTokens(routes, (name) => `value of ${name}`);
  assert.deepEqual(plan.routes.map((r) => r.auth?.tokenEnv), [
    "EGRESS_TOKEN_0",
    "EGRESS_TOKEN_1",
    "EGRESS_TOKEN_0",
  ]);
  assert.equal(plan.tokens.get("EGRESS_TOKEN_1")?.reveal(), "value of TWO");
  assert.equal(plan.missing.size, 0);
});

Deno.test("an unset or empty variable keeps its route authenticated and has no value", () => {
  const routes = [route("a.example", "UNSET"), route("b.example", "EMPTY")];
  const plan = planTokens(routes, (name) => name === "EMPTY" ? "" : undefined);
  assert.equal(plan.tokens.size, 0);
  assert.ok(plan.routes.every((r) => r.auth !== undefined));
  assert.deepEqual([...plan.missing], [["UNSET", ["a.example"]], ["EMPTY", ["b.example"]]]);
});

Deno.test("printing a token plan shows no token", () => {
  const plan = planTokens([route("a.example", "ONE")], () => "tok-3f9c1d77aa");
  assert.ok(!Deno.inspect(plan, { depth: 9 }).includes("tok-3f9c1d77aa"));
  assert.ok(!JSON.stringify([...plan.tokens]).includes("tok-3f9c1d77aa"));
});
