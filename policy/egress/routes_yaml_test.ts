import assert from "node:assert/strict";
import fc from "fast-check";
import { compilePolicy } from "./compile.ts";
import type { DlpSettings, EgressPolicy, MatchEntry, Route } from "./route.ts";
import { formatRouteHost, parseRouteHost } from "./route_host.ts";
import {
  formatRoutesYaml,
  introspection,
  MAX_ROUTES_YAML,
  parseRoutesYaml,
  routeToWire,
} from "./routes_yaml.ts";
import { canonicalTarget } from "./path.ts";

function policyOf(text: string): EgressPolicy {
  const result = parseRoutesYaml(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.policy;
}

function firstIssue(text: string): { keyPath: string; message: string; line: number } {
  const result = parseRoutesYaml(text);
  assert.ok(!result.ok, "the text is accepted");
  const [issue] = result.issues;
  assert.ok(issue !== undefined);
  return issue;
}

const EXAMPLE = `log: 2
routes:
  - host: API.Example.com:8443
    auth_scheme: Bearer
    token_env: EGRESS_TOKEN_0
    matches:
      - paths:
          - { value: /v1/ }
          - { type: exact, value: /health }
          - { type: regex, value: "/v2/[a-z]+" }
        methods: [GET, POST]
        headers: [{ name: X-Env, value: prod }]
    git: { fetch: true }
    dlp:
      outbound_detectors: false
      inbound_detectors: [naive_injection_detection]
      outbound_on_match: block
    allow_private: true
  - host: "*.example.com"
`;

Deno.test("every key of routes.yaml reaches the policy", () => {
  const expected: EgressPolicy = {
    log: 2,
    routes: [
      {
        host: "api.example.com",
        port: 8443,
        auth: { scheme: "Bearer", tokenEnv: "EGRESS_TOKEN_0" },
        matches: [{
          paths: [
            { type: "prefix", value: "/v1/" },
            { type: "exact", value: "/health" },
            { type: "regex", value: "/v2/[a-z]+" },
          ],
          methods: ["GET", "POST"],
          headers: [{ name: "x-env", value: "prod", type: "exact" }],
        }],
        gitFetch: true,
        allowPrivate: true,
        dlp: {
          outboundDetectors: [],
          inboundDetectors: ["naive_injection_detection"],
          outboundOnMatch: "block",
        },
      },
      {
        host: "*.example.com",
        matches: [],
        gitFetch: false,
        allowPrivate: false,
        dlp: {
          outboundDetectors: ["token_patterns", "known_secrets"],
          inboundDetectors: ["naive_injection_detection"],
          outboundOnMatch: "supervise",
        },
      },
    ],
  };
  assert.deepEqual(policyOf(EXAMPLE), expected);
});

Deno.test("an empty list of routes allows nothing", () => {
  assert.deepEqual(policyOf("routes: []"), { log: 1, routes: [] });
});

Deno.test("a text that is cut off, empty or of another shape is refused", () => {
  for (
    const text of ["", "\n", "null", "log: 1", "routes:", "routes: {}", "[]", "a", "routes: 1"]
  ) {
    firstIssue(text);
  }
  for (let end = 0; end < EXAMPLE.indexOf("routes:"); end++) firstIssue(EXAMPLE.slice(0, end));
});

Deno.test("an issue names its place and, for a slip, the key that was meant", () => {
  const result = parseRoutesYaml("log: 1\nroutes:\n  - host: a.example\n    mathces: []\n");
  assert.deepEqual(result, {
    ok: false,
    issues: [{
      line: 4,
      column: 5,
      keyPath: "routes[0].mathces",
      message: "`mathces` is not a known key",
      hint: "did you mean `matches`? allowed here: host, matches, git, dlp, allow_private, " +
        "auth_scheme, token_env",
    }],
  });
});

Deno.test("whatever a rule cannot mean is refused where it stands", () => {
  const route = (rest: string): string => `routes: [{ host: a.example, ${rest} }]`;
  const cases: readonly [text: string, keyPath: string, message: RegExp][] = [
    ["log: 3\nroutes: []", "log", /expected/],
    ['log: "1"\nroutes: []', "log", /expected/],
    ["routes: [{}]", "routes[0].host", /missing/],
    ["routes: [{ host: 1 }]", "routes[0].host", /expected/],
    ["routes: [{ host: a b }]", "routes[0].host", /not a usable host/],
    ["routes: [{ host: '*' }]", "routes[0].host", /wildcard/],
    ["routes: [{ host: '*.*.a.example' }]", "routes[0].host", /wildcard/],
    ["routes: [{ host: 'a.*.example' }]", "routes[0].host", /wildcard/],
    ["routes: [{ host: '*.10.0.0.1' }]", "routes[0].host", /address/],
    ["routes: [{ host: 'http://a.example' }]", "routes[0].host", /not a usable host/],
    ["routes: [{ host: 'a.example:0' }]", "routes[0].host", /port/],
    ["routes: [{ host: 0x7f.1 }]", "routes[0].host", /IPv4/],
    ["routes: [{ host: _EGRESS.local }]", "routes[0].host", /proxy itself/],
    [route("auth_scheme: Bearer"), "routes[0]", /only go together/],
    [route("token_env: EGRESS_TOKEN_1"), "routes[0]", /only go together/],
    [route("auth_scheme: Basic, token_env: EGRESS_TOKEN_1"), "routes[0].auth_scheme", /expected/],
    [route("auth_scheme: token, token_env: PATH"), "routes[0].token_env", /EGRESS_TOKEN/],
    [route("auth: { scheme: Bearer }"), "routes[0].auth", /not a known key/],
    [route("matches: []"), "routes[0].matches", /empty list/],
    [route("matches: null"), "routes[0].matches", /expected/],
    [route("matches: [{}]"), "routes[0].matches[0]", /matches everything/],
    [route("matches: [{ paths: [] }]"), "routes[0].matches[0].paths", /empty list/],
    [route("matches: [{ methods: [get] }]"), "routes[0].matches[0].methods[0]", /capitals/],
    [route("matches: [{ methods: [TRACE] }]"), "routes[0].matches[0].methods[0]", /never sends/],
    [route("matches: [{ methods: ['A B'] }]"), "routes[0].matches[0].methods[0]", /method/],
    [route("matches: [{ paths: [{ value: v1 }] }]"), "routes[0].matches[0].paths[0]", /start/],
    [route("matches: [{ paths: [{ value: '/a?b' }] }]"), "routes[0].matches[0].paths[0]", /query/],
    [
      route("matches: [{ paths: [{ value: /v1/.. }] }]"),
      "routes[0].matches[0].paths[0]",
      /write \//,
    ],
    [
      route("matches: [{ paths: [{ type: glob, value: /a }] }]"),
      "routes[0].matches[0].paths[0].type",
      /expected/,
    ],
    [
      route("matches: [{ paths: [{ type: regex, value: '(a)\\1' }] }]"),
      "routes[0].matches[0].paths[0]",
      /regular/,
    ],
    [
      route("matches: [{ headers: [{ name: 'a b', value: x }] }]"),
      "routes[0].matches[0].headers[0].name",
      /name/,
    ],
    [
      route('matches: [{ headers: [{ name: a, value: "x\\ny" }] }]'),
      "routes[0].matches[0].headers[0]",
      /value/,
    ],
    [route("git: {}"), "routes[0].git.fetch", /missing/],
    [route("git: { push: true }"), "routes[0].git.fetch", /missing/],
    [route("git: { fetch: yes }"), "routes[0].git.fetch", /expected/],
    [route("dlp: { outbound_detectors: [] }"), "routes[0].dlp.outbound_detectors", /empty list/],
    [route("dlp: { outbound_detectors: true }"), "routes[0].dlp.outbound_detectors", /expected/],
    [route("dlp: { outbound_detectors: [x] }"), "routes[0].dlp.outbound_detectors[0]", /expected/],
    [route("dlp: { outbound_on_match: allow }"), "routes[0].dlp.outbound_on_match", /expected/],
    [route("allow_private: 1"), "routes[0].allow_private", /expected/],
    ["routes: [{ host: a.example }, { host: A.example. }]", "routes[1].host", /already/],
    ["routes: [{ host: a.example }, { host: a.example:99 }]", "routes[1].host", /already/],
    ["routes: []\nroutes: []", "routes", /twice/],
    ["__proto__: { routes: [] }\nroutes: []", "__proto__", /cannot be a key/],
    ["constructor: 1\nroutes: []", "constructor", /cannot be a key/],
  ];
  for (const [text, keyPath, message] of cases) {
    const issue = firstIssue(text);
    assert.equal(issue.keyPath, keyPath, text);
    assert.match(issue.message, message, text);
  }
});

Deno.test("YAML beyond plain data is refused", () => {
  const cases = [
    "routes: &a []",
    "a: &a 1\nroutes: *a",
    "routes: !!seq []",
    "routes: !x []",
    "!!map { routes: [] }",
    "!!str routes: []",
    "? [a]\n: 1\nroutes: []",
    "1: 2\nroutes: []",
    "<<: { log: 1 }\nroutes: []",
    "routes: []\n---\nroutes: []",
    "%TAG ! x\n---\nroutes: []",
    "%YAML 1.1\n---\nroutes: []",
    "%OTHER\n---\nroutes: []",
    "routes: [",
    "routes: []\n\tlog: 1",
    "log: .inf\nroutes: []",
    "{ routes: [] } trailing",
  ];
  for (const text of cases) assert.equal(parseRoutesYaml(text).ok, false, text);
});

Deno.test("text that is too long or too deep is refused", () => {
  assert.match(firstIssue(`#${" ".repeat(MAX_ROUTES_YAML)}\nroutes: []`).message, /longer than/);
  for (const piece of ["[", "- ", "{a: ", "? ", "a:\n "]) {
    firstIssue(`routes: ${piece.repeat(20_000)}`);
    firstIssue(piece.repeat(20_000));
  }
});

Deno.test("a text with many faults tells of a bounded number of them", () => {
  const result = parseRoutesYaml(`routes: [${"{ hots: 1 },".repeat(900)}]`);
  assert.ok(!result.ok && result.issues.length <= 20);
});

const host = fc.oneof(
  fc.domain(),
  fc.domain().map((name) => `*.${name}`),
  fc.ipV4(),
  fc.ipV6().filter((ip) => parseRouteHost(ip).ok),
).map((text) => {
  const parsed = parseRouteHost(text);
  return parsed.ok ? parsed.host : "fallback.example";
});
const path = fc.webPath().map((text) => {
  const target = canonicalTarget(text === "" ? "/" : text);
  return target.ok ? target.path : "/";
});
const PLAIN = { noNullPrototype: true } as const;
const pathMatch = fc.oneof(
  fc.record({ type: fc.constantFrom("prefix", "exact"), value: path }, PLAIN),
  fc.record(
    { type: fc.constant("regex"), value: fc.constantFrom("/v1/.*", "/[^/]+", "/a: #b") },
    PLAIN,
  ),
);
const value = fc.string({ unit: "binary-ascii" })
  .map((text) => text.replace(/[^\x20-\x7e]/g, "").trim());
const headerMatch = fc.record({
  name: fc.constantFrom("x-env", "accept", "x-a_b"),
  value,
  type: fc.constant("exact"),
}, PLAIN);
const entry = fc.record({
  paths: fc.array(pathMatch, { minLength: 1, maxLength: 3 }),
  methods: fc.array(fc.constantFrom("GET", "POST", "M-SEARCH"), { minLength: 1, maxLength: 3 }),
  headers: fc.array(headerMatch, { minLength: 1, maxLength: 2 }),
}, { requiredKeys: [], noNullPrototype: true }).filter((each) =>
  Object.keys(each).length > 0
) as fc.Arbitrary<MatchEntry>;
const dlp: fc.Arbitrary<DlpSettings> = fc.record({
  outboundDetectors: fc.subarray(["token_patterns", "known_secrets", "entropy"] as const),
  inboundDetectors: fc.subarray(["naive_injection_detection"] as const),
  outboundOnMatch: fc.constantFrom("block", "redact", "supervise"),
}, PLAIN);
const auth = fc.record({
  scheme: fc.constantFrom("Bearer", "token"),
  tokenEnv: fc.nat({ max: 99 }).map((n) => `EGRESS_TOKEN_${n}`),
}, PLAIN);
const route = fc.record({
  host,
  port: fc.integer({ min: 1, max: 65535 }),
  auth,
  matches: fc.array(entry, { maxLength: 3 }),
  gitFetch: fc.boolean(),
  allowPrivate: fc.boolean(),
  dlp,
}, {
  noNullPrototype: true,
  requiredKeys: ["host", "matches", "gitFetch", "allowPrivate", "dlp"],
}) as fc.Arbitrary<Route>;
const policy: fc.Arbitrary<EgressPolicy> = fc.record({
  log: fc.constantFrom(0, 1, 2),
  routes: fc.uniqueArray(route, { maxLength: 5, selector: (each) => each.host }),
}, PLAIN);

Deno.test("a policy survives routes.yaml and introspection, each read by the same parser", () => {
  fc.assert(
    fc.property(policy, (original) => {
      const yaml = formatRoutesYaml(original);
      const read = policyOf(yaml);
      assert.deepEqual(read, original);
      assert.equal(formatRoutesYaml(read), yaml);
      const answer = JSON.stringify(introspection(read));
      assert.deepEqual(policyOf(answer), original);
      compilePolicy(read);
    }),
    { numRuns: 500 },
  );
});

Deno.test("one route written alone is the route that stands in the file", () => {
  fc.assert(fc.property(route, (original) => {
    const text = JSON.stringify({ routes: [routeToWire(original)] });
    assert.deepEqual(policyOf(text).routes, [original]);
  }));
});

Deno.test("a route's host is read as it is written", () => {
  fc.assert(fc.property(route, ({ host: name, port }) => {
    const written = port === undefined ? { host: name } : { host: name, port };
    assert.deepEqual(parseRouteHost(formatRouteHost(written)), { ok: true, ...written });
  }));
});

Deno.test("any text at all is either a policy or refused with a place", () => {
  const words = fc.constantFrom(
    ..."routes: |host: |matches: |- |  |\n|{|}|[|]|,|&a |*a |!t |'|\"|#|? |: |>|a.example|1|null|---|%"
      .split("|"),
    "|",
  );
  const text = fc.oneof(
    fc.array(words, { maxLength: 40 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 60 }),
    policy.chain((each) => {
      const yaml = formatRoutesYaml(each);
      return fc.tuple(fc.nat(yaml.length), fc.nat(8), fc.string({ maxLength: 3 }))
        .map(([at, cut, put]) => yaml.slice(0, at) + put + yaml.slice(at + cut));
    }),
  );
  fc.assert(
    fc.property(text, (each) => {
      const result = parseRoutesYaml(each);
      if (result.ok) compilePolicy(result.policy);
      else for (const { line, column } of result.issues) assert.ok(line > 0 && column > 0);
    }),
    { numRuns: 2000 },
  );
});
