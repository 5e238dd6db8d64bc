import assert from "node:assert/strict";
import fc from "fast-check";
import { compilePolicy } from "./compile.ts";
import { decideConnect, decideRequest, type RequestView } from "./decide.ts";
import { parseRoutesYaml } from "./routes_yaml.ts";
import type { Verdict } from "./verdict.ts";

const parsed = parseRoutesYaml(`routes:
  - host: open.example
  - host: "*.wild.example"
  - host: port.example:8443
  - host: 203.0.113.9
  - host: "[2606:4700::1]"
  - host: rules.example
    matches:
      - { paths: [{ value: /v1/ }], methods: [GET, POST] }
      - { paths: [{ type: exact, value: /health }] }
      - { methods: [PUT], headers: [{ name: X-Env, value: prod }, { name: X-Id, type: regex, value: "[0-9]+" }] }
  - { host: auth.example, auth_scheme: Bearer, token_env: EGRESS_TOKEN_0 }
  - { host: lan.example, auth_scheme: token, token_env: EGRESS_TOKEN_1, allow_private: true }
  - { host: fetch.example, git: { fetch: true } }
`);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
const policy = compilePolicy(parsed.policy);

function request(host: string, rawTarget: string, more: Partial<RequestView> = {}): RequestView {
  const authority = { host, kind: "name" as const, port: more.scheme === "http" ? 80 : 443 };
  return {
    scheme: "https",
    method: "GET",
    authority,
    hostHeaders: [host],
    rawTarget,
    headers: [["Host", host]],
    ...more,
  };
}

/** The verdict in one line: `forward TARGET` or `STATUS reason`. */
function brief(verdict: Verdict): string {
  if (verdict.action === "deny") return `${verdict.status} ${verdict.reason}`;
  return verdict.action === "forward" ? `forward ${verdict.target}` : `introspect ${verdict.path}`;
}

function decide(host: string, rawTarget: string, more?: Partial<RequestView>): string {
  return brief(decideRequest(policy, request(host, rawTarget, more)));
}

function connect(target: string): string {
  const verdict = decideConnect(policy, target);
  if (verdict.action === "deny") return `${verdict.status} ${verdict.reason}`;
  return `${verdict.authority.host} ${verdict.authority.port} ${verdict.route?.route.host}`;
}

Deno.test("a CONNECT is answered for a host on a route and its port alone", () => {
  const cases: readonly [string, string][] = [
    ["open.example:443", "open.example 443 open.example"],
    ["OPEN.example.:443", "open.example 443 open.example"],
    ["open.example:80", "open.example 80 open.example"],
    ["a.b.wild.example:443", "a.b.wild.example 443 *.wild.example"],
    ["port.example:8443", "port.example 8443 port.example"],
    ["203.0.113.9:443", "203.0.113.9 443 203.0.113.9"],
    ["[2606:4700:0::1]:443", "2606:4700::1 443 2606:4700::1"],
    ["_egress.local:443", "_egress.local 443 undefined"],
    ["wild.example:443", "403 host_not_allowed"],
    ["evil.example:443", "403 host_not_allowed"],
    ["open.example.evil.example:443", "403 host_not_allowed"],
    ["203.0.113.10:443", "403 host_not_allowed"],
    ["open.example:22", "403 port_not_allowed"],
    ["port.example:443", "403 port_not_allowed"],
    ["open.example", "400 bad_authority"],
    ["open.example:0", "400 bad_authority"],
    ["open.example:443:443", "400 bad_authority"],
    ["evil.example@open.example:443", "400 bad_authority"],
    ["3405803785:443", "400 bad_authority"],
    ["0xcb.0.0x71.9:443", "400 bad_authority"],
    ["[::ffff:203.0.113.9]:443", "400 bad_authority"],
    ["https://open.example:443", "400 bad_authority"],
    ["", "400 bad_authority"],
  ];
  for (const [target, expected] of cases) assert.equal(connect(target), expected, target);
});

Deno.test("the live routes are answered at one path of one host", () => {
  assert.equal(decide("_egress.local", "/allowlist"), "introspect /allowlist");
  assert.equal(decide("_egress.local", "/x/../allowlist?a"), "introspect /allowlist");
  assert.equal(decide("_egress.local", "/allowlist", { method: "HEAD" }), "introspect /allowlist");
  assert.equal(decide("_egress.local", "/allowlist", { method: "PUT" }), "405 method_refused");
  assert.equal(decide("_egress.local", "/"), "404 not_found");
  assert.equal(decide("_egress.local", "/allowlist/"), "404 not_found");
  assert.equal(decide("_egress.local", "/tokens"), "404 not_found");
  assert.equal(decide("open.example", "/allowlist"), "forward /allowlist");
});

Deno.test("a host is reached through its route and no other way", () => {
  assert.equal(decide("open.example", "/a?b=c"), "forward /a?b=c");
  assert.equal(decide("open.example", "/", { scheme: "http" }), "forward /");
  assert.equal(decide("evil.example", "/"), "403 host_not_allowed");
  assert.equal(decide("wild.example", "/"), "403 host_not_allowed");
});

Deno.test("a route without a port means its scheme's own, and one with a port that one", () => {
  const at = (host: string, port: number, scheme: "http" | "https"): string =>
    decide(host, "/", {
      scheme,
      authority: { host, kind: "name", port },
      hostHeaders: [`${host}:${port}`],
    });
  assert.equal(at("open.example", 443, "https"), "forward /");
  assert.equal(at("open.example", 80, "http"), "forward /");
  assert.equal(at("open.example", 80, "https"), "403 port_not_allowed");
  assert.equal(at("open.example", 443, "http"), "403 port_not_allowed");
  assert.equal(at("open.example", 8080, "http"), "403 port_not_allowed");
  assert.equal(at("port.example", 8443, "https"), "forward /");
  assert.equal(at("port.example", 443, "https"), "403 port_not_allowed");
});

Deno.test("a credential goes over https, or to the operator's own network", () => {
  assert.equal(decide("auth.example", "/"), "forward /");
  assert.equal(decide("auth.example", "/", { scheme: "http" }), "403 auth_needs_https");
  assert.equal(decide("lan.example", "/", { scheme: "http" }), "forward /");
});

Deno.test("every name that a request has for its host must be the one that is connected to", () => {
  const host = "open.example";
  const cases: readonly [string, Partial<RequestView>][] = [
    ["forward /", { hostHeaders: ["Open.Example."], sni: "OPEN.example" }],
    ["forward /", { hostHeaders: ["open.example:443"], pseudoAuthority: "open.example" }],
    ["forward /", { hostHeaders: [], pseudoAuthority: "open.example:443" }],
    ["400 host_mismatch", { hostHeaders: [] }],
    ["400 host_mismatch", { hostHeaders: ["evil.example"] }],
    ["400 host_mismatch", { hostHeaders: ["port.example"] }],
    ["400 host_mismatch", { hostHeaders: [host, host] }],
    ["400 host_mismatch", { hostHeaders: [host, "evil.example"] }],
    ["400 host_mismatch", { hostHeaders: ["open.example, evil.example"] }],
    ["400 host_mismatch", { hostHeaders: ["open.example:80"] }],
    ["400 host_mismatch", { hostHeaders: ["open.example@evil.example"] }],
    ["400 host_mismatch", { hostHeaders: [""] }],
    ["400 host_mismatch", { hostHeaders: [host], pseudoAuthority: "evil.example" }],
    ["400 host_mismatch", { hostHeaders: ["evil.example"], pseudoAuthority: host }],
    ["400 host_mismatch", { sni: "evil.example" }],
    ["400 host_mismatch", { sni: "" }],
    ["400 host_mismatch", { sni: "open.example:443" }],
    ["400 host_mismatch", { sni: "open.example\0.evil.example" }],
  ];
  for (const [expected, more] of cases) {
    assert.equal(decide(host, "/", more), expected, JSON.stringify(more));
  }
});

Deno.test("what is malformed is refused before any rule is looked at", () => {
  const cases: readonly [string, string, Partial<RequestView>][] = [
    ["400 bad_method", "/", { method: "GE T" }],
    ["400 bad_method", "/", { method: "" }],
    ["400 bad_method", "/", { method: "GET\r\nX: y" }],
    ["400 bad_target", "*", { method: "OPTIONS" }],
    ["400 bad_target", "/v1/..%2Fadmin", {}],
    ["400 bad_target", "http://open.example/", {}],
    ["400 bad_header", "/", { headers: [["X", "a\r\nAuthorization: b"]] }],
    ["400 bad_header", "/", { headers: [["X", "a\nb"]] }],
    ["400 bad_header", "/", { headers: [["X", "a\0b"]] }],
    ["400 bad_header", "/", { headers: [["X ", "a"]] }],
    ["400 bad_header", "/", { headers: [[":path", "/"]] }],
    ["400 bad_header", "/", { headers: [["", "a"]] }],
    ["400 bad_header", "/", { headers: [["X-Original-URL", "/..%2fadmin"]] }],
  ];
  for (const [expected, target, more] of cases) {
    assert.equal(decide("open.example", target, more), expected, JSON.stringify([target, more]));
  }
});

Deno.test("CONNECT and TRACE inside a connection go nowhere", () => {
  for (const method of ["CONNECT", "TRACE"]) {
    assert.equal(decide("open.example", "/", { method }), "403 method_refused");
  }
});

Deno.test("what is matched is the path that is forwarded", () => {
  assert.equal(decide("rules.example", "/v1/a"), "forward /v1/a");
  assert.equal(decide("rules.example", "/v2/../v1/%61?x=%61"), "forward /v1/a?x=%61");
  assert.equal(decide("rules.example", "//v1//a"), "forward /v1/a");
  assert.equal(decide("rules.example", "/v1/%2e%2e/admin"), "403 rule_not_matched");
  assert.equal(decide("rules.example", "/v1/../admin"), "403 rule_not_matched");
  assert.equal(decide("rules.example", "/v1%2Fa"), "403 rule_not_matched");
  assert.equal(decide("rules.example", "/v1/%252e%252e/admin"), "forward /v1/%252e%252e/admin");
  assert.equal(decide("rules.example", "/v1/..%2fadmin"), "400 bad_target");
  assert.equal(decide("rules.example", "/v1/..;/admin"), "400 bad_target");
});

Deno.test("a denial says of each rule why it did not match", () => {
  const verdict = decideRequest(policy, request("rules.example", "/v2/x", { method: "DELETE" }));
  assert.deepEqual(verdict.action === "deny" && verdict.failures, [
    "rule 1: path /v2/x is not under prefix /v1/; method DELETE is not one of GET, POST",
    "rule 2: path /v2/x is not /health",
    "rule 3: method DELETE is not one of PUT; header x-env is absent; header x-id is absent",
  ]);
});

Deno.test("a forwarded request names its route and the rule that matched", () => {
  const verdict = decideRequest(policy, request("rules.example", "/health?q", { method: "FOO" }));
  assert.ok(verdict.action === "forward");
  assert.equal(verdict.route.host, "rules.example");
  assert.deepEqual(
    [verdict.entry, verdict.host, verdict.port, verdict.path, verdict.query],
    [1, "rules.example", 443, "/health", "?q"],
  );
});

function put(headers: RequestView["headers"]): string {
  return decide("rules.example", "/x", { method: "PUT", headers });
}

Deno.test("a header rule holds for every value, and only for what is sent on", () => {
  const id = ["X-Id", "7"] as const;
  assert.equal(put([["x-ENV", " prod "], id]), "forward /x");
  assert.equal(put([["X-Env", "prod"], ["X-Env", "prod"], id]), "forward /x");
  const refused: readonly RequestView["headers"][] = [
    [["X-Env", "prod"]],
    [["X-Env", "prod"], ["X-Env", "dev"], id],
    [["X-Env", "dev"], ["X-Env", "prod"], id],
    [["X-Env", "prod, dev"], id],
    [["X-Env", "PROD"], id],
    [["X-Env", ""], id],
    [["X-Env", "prod"], ["X-Id", "7x"]],
    [["X-Env", "prod"], id, ["Connection", "X-Env"]],
    [["X-Env", "prod"], id, ["connection", "close,  x-id "]],
  ];
  for (const headers of refused) {
    assert.equal(put(headers), "403 rule_not_matched", JSON.stringify(headers));
  }
});

Deno.test("a method or path that a header claims needs a rule as well", () => {
  const post = (name: string, value: string): string =>
    decide("rules.example", "/v1/a", { method: "POST", headers: [[name, value]] });
  assert.equal(post("X-HTTP-Method-Override", "GET"), "forward /v1/a");
  assert.equal(post("X-HTTP-Method-Override", "get"), "forward /v1/a");
  assert.equal(post("X-HTTP-Method-Override", "DELETE"), "403 rule_not_matched");
  assert.equal(post("x-method-override", "delete"), "403 rule_not_matched");
  assert.equal(post("X-HTTP-Method", " PUT "), "403 rule_not_matched");
  assert.equal(post("X-Original-URL", "/v1/b"), "forward /v1/a");
  assert.equal(post("X-Original-URL", "/admin"), "403 rule_not_matched");
  assert.equal(post("X-Rewrite-URL", "/v1/../admin"), "403 rule_not_matched");
  assert.equal(post("X-Rewrite-URL", "admin"), "400 bad_header");
});

Deno.test("pushing with git over https is refused on every route and in every spelling", () => {
  for (const host of ["open.example", "fetch.example"]) {
    for (
      const target of [
        "/a.git/git-receive-pack",
        "/a.git/git-receive-pack/",
        "/a.git//git-receive-pack",
        "/a.git/x/../git-receive-pack",
        "/a.git/git-receive%2Dpack",
        "/a.git/git%252dreceive-pack",
        "/a.git%2Fgit-receive-pack",
        "/a.git/GIT-Receive-Pack",
        "/a.git/git-receive-pack;x=y",
        "/a.git/git-receive-pack%3Bx",
        "/a.git/git-receive-pack%20",
        "/a.git/%20git-receive-pack",
        "/a.git/info/refs?service=git-receive-pack",
        "/a.git/info/refs?service=git%2Dreceive-pack",
        "/a.git/info/refs?service=git%252Dreceive-pack",
        "/a.git/info/refs?%73ervice=git-receive-pack",
        "/a.git/info/refs?SERVICE=GIT-RECEIVE-PACK",
        "/a.git/info/refs?a=b&service=git-receive-pack",
        "/a.git/info/refs?a=b;service=git-receive-pack",
        "/a.git/info/refs?service=git-upload-pack&service=git-receive-pack",
        "/a.git/info/refs?service=git-receive-pack&service=git-upload-pack",
        "/a.git/info/refs?service=+git-receive-pack",
        "/a.git/info/refs?service[]=git-receive-pack",
        "/a.git/info/refs?service=git-receive-pack%00",
        "/a.git/info/refs?service%3Dgit-receive-pack",
        "/a.git/info/refs?a=b%26service=git-receive-pack",
        "/a.git/info/refs?service=git-receive-pack?service=git-upload-pack",
      ]
    ) assert.equal(decide(host, target), "403 git_push", `${host} ${target}`);
  }
});

Deno.test("a push is known by its media type and by a path that a header claims", () => {
  const headers: RequestView["headers"][number][] = [
    ["Content-Type", "application/x-git-receive-pack-request"],
    ["content-type", "Application/X-Git-Receive-Pack-Request; a=b"],
    ["X-Original-URL", "/a.git/git-receive-pack"],
  ];
  for (const header of headers) {
    const more = { method: "POST", headers: [header] };
    assert.equal(decide("fetch.example", "/a", more), "403 git_push");
  }
});

Deno.test("fetching with git over https needs the route's word", () => {
  for (
    const target of [
      "/a.git/git-upload-pack",
      "/a.git/info/refs?service=git-upload-pack",
      "/a.git/info/refs?service=git%2Dupload%2Dpack",
      "/a.git/git-upload-archive",
    ]
  ) {
    assert.equal(decide("open.example", target), "403 git_fetch", target);
    assert.equal(decide("fetch.example", target), `forward ${target}`.replace("//", "/"), target);
  }
});

Deno.test("what only looks like git is no business of git's rules", () => {
  for (
    const target of [
      "/docs/git-receive-pack.html",
      "/docs/git-receive-pack-hooks",
      "/my-git-receive-pack",
      "/search?q=git-receive-pack",
      "/search?microservice=git-receive-pack",
      "/a.git/info/refs",
      "/?service=build",
    ]
  ) assert.equal(decide("open.example", target), `forward ${target}`, target);
});

const target = fc.array(
  fc.constantFrom(
    "/",
    "v1",
    "..",
    "%2e",
    "%2f",
    "health",
    "git-receive-pack",
    "?",
    "&",
    "service=",
    "x",
  ),
  { maxLength: 10 },
).map((parts) => `/${parts.join("")}`);
const anyRequest: fc.Arbitrary<RequestView> = fc.record({
  scheme: fc.constantFrom("http" as const, "https" as const),
  method: fc.oneof(fc.constantFrom("GET", "PUT", "DELETE", "TRACE"), fc.string({ maxLength: 6 })),
  authority: fc.record({
    host: fc.constantFrom("open.example", "rules.example", "evil.example", "a.wild.example"),
    kind: fc.constant("name" as const),
    port: fc.constantFrom(80, 443, 8443),
  }),
  hostHeaders: fc.array(fc.oneof(fc.constantFrom("open.example", "rules.example"), fc.string()), {
    minLength: 1,
    maxLength: 2,
  }),
  rawTarget: fc.oneof(target, fc.string({ unit: "binary" })),
  headers: fc.array(
    fc.tuple(fc.constantFrom("X-Env", "X-Id", "Connection", "a b"), fc.string({ unit: "binary" })),
    { maxLength: 4 },
  ),
});

Deno.test("nothing leaves but well-formed requests to a host, port and rule of the policy", () => {
  fc.assert(
    fc.property(anyRequest, (each) => {
      const verdict = decideRequest(policy, each);
      if (verdict.action === "deny") {
        assert.ok(verdict.status >= 400 && verdict.message !== "" && verdict.hint.text !== "");
        return;
      }
      assert.ok(verdict.action === "forward");
      assert.notEqual(verdict.host, "evil.example");
      assert.equal(verdict.host, each.authority.host);
      assert.equal(verdict.port, each.scheme === "https" ? 443 : 80);
      assert.doesNotMatch(verdict.path, /\/\.\.?(\/|$)|\/git-receive-pack(\/|$)/);
      if (verdict.host === "rules.example") assert.ok(verdict.entry !== undefined);
      if (verdict.entry === 0) assert.match(verdict.path, /^\/v1\//);
      if (verdict.entry === 1) assert.equal(verdict.path, "/health");
    }),
    { numRuns: 5000 },
  );
});

Deno.test("a forwarded target decides the same when it is sent again", () => {
  fc.assert(
    fc.property(target, (rawTarget) => {
      const first = decideRequest(policy, request("rules.example", rawTarget));
      if (first.action !== "forward") return;
      assert.deepEqual(decideRequest(policy, request("rules.example", first.target)), first);
    }),
    { numRuns: 3000 },
  );
});
