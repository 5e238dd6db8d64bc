import assert from "node:assert/strict";
import fc from "fast-check";
import type { MatchEntry, Route } from "../policy/egress/route.ts";
import {
  formatRoutesYaml,
  introspection,
  parseRoutesYaml,
  routeToWire,
} from "../policy/egress/routes_yaml.ts";
import type { Json } from "../policy/json.ts";
import { parseBottle } from "../policy/manifest/bottle.ts";

const PLAIN = { noNullPrototype: true } as const;

const entry: fc.Arbitrary<MatchEntry> = fc.record({
  paths: fc.array(
    fc.oneof(
      fc.record({
        type: fc.constantFrom("prefix" as const, "exact" as const),
        value: fc.constantFrom("/", "/v1/", "/a%2Fb", "/x:y"),
      }, PLAIN),
      fc.record({
        type: fc.constant("regex" as const),
        value: fc.constantFrom("/v[0-9]+/.*", "/a: #b", "/'\"\\\\d"),
      }, PLAIN),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  methods: fc.subarray(["GET", "POST", "M-SEARCH"], { minLength: 1 }),
  headers: fc.array(
    fc.record({
      name: fc.constantFrom("x-env", "accept"),
      value: fc.constantFrom("prod", "a: b", "#x", "true", "1", "- y", ""),
      type: fc.constant("exact" as const),
    }, PLAIN),
    { minLength: 1, maxLength: 2 },
  ),
}, { requiredKeys: ["methods"], noNullPrototype: true });

const route: fc.Arbitrary<Route> = fc.record({
  host: fc.constantFrom("a.example", "*.b.example", "192.0.2.1", "2001:db8::1", "xn--bcher-kva.de"),
  port: fc.integer({ min: 1, max: 65535 }),
  auth: fc.record({
    scheme: fc.constantFrom("Bearer" as const, "token" as const),
    tokenEnv: fc.nat({ max: 99 }).map((number) => `EGRESS_TOKEN_${number}`),
  }, PLAIN),
  matches: fc.array(entry, { maxLength: 3 }),
  gitFetch: fc.boolean(),
  allowPrivate: fc.boolean(),
  dlp: fc.record({
    outboundDetectors: fc.subarray(["token_patterns", "known_secrets", "entropy"] as const),
    inboundDetectors: fc.subarray(["naive_injection_detection"] as const),
    outboundOnMatch: fc.constantFrom("block" as const, "redact" as const, "supervise" as const),
  }, PLAIN),
}, {
  requiredKeys: ["host", "matches", "gitFetch", "allowPrivate", "dlp"],
  noNullPrototype: true,
});

/** A route as a person would write it in a bottle. */
function manifestRoute(route: Route): { readonly [key: string]: Json } {
  const { auth_scheme: _scheme, token_env: _name, ...shared } = routeToWire(route);
  if (route.auth === undefined) return shared;
  return { ...shared, auth: { scheme: route.auth.scheme, token_ref: route.auth.tokenEnv } };
}

Deno.test("a route survives a manifest, routes.yaml and introspection", () => {
  const routes = fc.uniqueArray(route, { maxLength: 4, selector: (each) => each.host });
  fc.assert(
    fc.property(routes, (original) => {
      const text = `---\n${
        JSON.stringify({ egress: { routes: original.map(manifestRoute) } })
      }\n---\n`;
      const bottle = parseBottle({ name: "x", file: "x.md" }, new TextEncoder().encode(text));
      const fromManifest = bottle.layer.routes.map((each) => each.route);
      assert.deepEqual(fromManifest, original);
      const yaml = formatRoutesYaml({ log: 1, routes: fromManifest });
      const fromYaml = parseRoutesYaml(yaml);
      assert.deepEqual(fromYaml, { ok: true, policy: { log: 1, routes: original } });
      assert.ok(fromYaml.ok);
      const answer = parseRoutesYaml(JSON.stringify(introspection(fromYaml.policy)));
      assert.deepEqual(answer, fromYaml);
    }),
    { numRuns: 300 },
  );
});
