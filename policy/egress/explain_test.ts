import assert from "node:assert/strict";
import { compilePolicy } from "./compile.ts";
import { decideRequest } from "./decide.ts";
import type { Header } from "./end_to_end.ts";
import { explain } from "./explain.ts";
import { requestOfUrl } from "./request_of_url.ts";
import { DEFAULT_DLP, type MatchEntry, type Route } from "./route.ts";

function route(host: string, more: Partial<Route> = {}): Route {
  return { host, matches: [], gitFetch: false, allowPrivate: false, dlp: DEFAULT_DLP, ...more };
}

const RULES: readonly MatchEntry[] = [
  { paths: [{ type: "prefix", value: "/v1/" }], methods: ["GET", "POST"] },
  {
    paths: [{ type: "regex", value: "/v2/[0-9]+" }],
    headers: [{ name: "x-env", type: "exact", value: "prod" }],
  },
];
const policy = compilePolicy({
  log: 1,
  routes: [
    route("api.example", {
      matches: RULES,
      auth: { scheme: "Bearer", tokenEnv: "EGRESS_TOKEN_0" },
    }),
    route("*.wild.example"),
    route("lan.example", { allowPrivate: true, port: 8443 }),
  ],
});

function told(method: string, url: string, headers: readonly Header[] = []): string {
  const built = requestOfUrl({ method, url, headers });
  assert.ok(built.ok);
  return explain(decideRequest(policy, built.request), built.request, policy).join("\n");
}

Deno.test("an allowed request is told with its rule and all that changes on the way", () => {
  const headers: readonly Header[] = [["Authorization", "Bearer hush"], ["X-A", "1"]];
  assert.equal(
    told("GET", "https://api.example/v0/../v1/a?b", headers),
    `allowed: GET /v1/a on api.example:443
route: api.example (this host)
rule 1 matches: prefix /v1/, GET or POST
target: /v0/../v1/a?b is sent as /v1/a?b
credential: Authorization: Bearer <EGRESS_TOKEN_0> is put in
headers removed: Authorization
addresses: public ones only, checked when the name is resolved`,
  );
});

Deno.test("a route without rules is told as such", () => {
  const text = told("DELETE", "https://lan.example:8443/");
  assert.match(text, /rule: none, the route allows every method and path/);
  assert.match(text, /route: lan\.example:8443/);
  assert.match(text, /credential: none/);
  assert.match(text, /addresses: public and private ones/);
});

Deno.test("a denied request is told with each rule's reason", () => {
  const text = told("PUT", "https://api.example/v2/x", [["X-Env", "hush"]]);
  assert.match(text, /^denied \(403 rule_not_matched\): PUT \/v2\/x matches no rule/);
  assert.match(text, /rule 1: path \/v2\/x is not under prefix \/v1\/; method PUT is not one of/);
  assert.match(
    text,
    /rule 2: path \/v2\/x does not match regex \/v2\/\[0-9\]\+; header x-env is not/,
  );
  assert.match(text, /hint: Ask with the egress-allow tool/);
  assert.doesNotMatch(text, /hush/);
});

Deno.test("a host that is on no route is told what it came near to", () => {
  assert.match(told("GET", "https://wild.example/"), /\*\.wild\.example covers only names below/);
  assert.match(
    told("GET", "https://x.api.example/"),
    /api\.example does not cover the names below/,
  );
  assert.match(told("GET", "https://apu.example/"), /nearest route is api\.example/);
  assert.doesNotMatch(told("GET", "https://zzzzzzzzzzzzzz.test/"), /nearest|covers|cover /);
});

Deno.test("a policy without routes says so", () => {
  const built = requestOfUrl({ method: "GET", url: "https://a.example/", headers: [] });
  assert.ok(built.ok);
  const empty = compilePolicy({ log: 0, routes: [] });
  const lines = explain(decideRequest(empty, built.request), built.request, empty);
  assert.ok(lines.includes("the bottle has no routes"));
});

Deno.test("the proxy's own answer is told", () => {
  assert.match(
    told("GET", "http://_egress.local/allowlist"),
    /the proxy itself answers \/allowlist/,
  );
});
