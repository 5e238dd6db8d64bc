import assert from "node:assert/strict";
import fc from "fast-check";
import { compilePolicy } from "./compile.ts";
import { matchRoute } from "./match.ts";
import { DEFAULT_DLP, type MatchEntry, type PathMatch, type Route } from "./route.ts";

function route(host: string, matches: readonly MatchEntry[] = []): Route {
  return { host, matches, gitFetch: false, allowPrivate: false, dlp: DEFAULT_DLP };
}

function finder(hosts: readonly string[]): (host: string) => string | undefined {
  const policy = compilePolicy({ log: 0, routes: hosts.map((host) => route(host)) });
  return (host) => policy.find(host)?.route.host;
}

function covers(type: PathMatch["type"], value: string, path: string): boolean | undefined {
  const policy = { log: 0 as const, routes: [route("a.example", [{ paths: [{ type, value }] }])] };
  return compilePolicy(policy).find("a.example")?.entries[0]?.paths?.[0]?.matches(path);
}

Deno.test("a policy without routes finds none", () => {
  const find = finder([]);
  for (const host of ["", "a.example", "_egress.local", "constructor"]) {
    assert.equal(find(host), undefined);
  }
});

Deno.test("an exact route beats a wildcard and the longest wildcard wins", () => {
  const find = finder(["*.example", "*.b.example", "a.b.example", "b.example", "10.0.0.1"]);
  const cases: readonly [string, string | undefined][] = [
    ["a.b.example", "a.b.example"],
    ["b.example", "b.example"],
    ["x.b.example", "*.b.example"],
    ["x.y.b.example", "*.b.example"],
    ["x.a.b.example", "*.b.example"],
    ["c.example", "*.example"],
    ["x.c.example", "*.example"],
    ["xb.example", "*.example"],
    ["example", undefined],
    ["b.example.evil", undefined],
    ["notexample", undefined],
    ["10.0.0.1", "10.0.0.1"],
    ["9.10.0.0.1", undefined],
  ];
  for (const [host, expected] of cases) assert.equal(find(host), expected, host);
});

Deno.test("a wildcard covers names below its own and never its own or a longer one", () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,5}$/);
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
  fc.assert(fc.property(name, name, (base, other) => {
    const find = finder([`*.${base}`]);
    assert.equal(find(base), undefined);
    assert.equal(find(`${other}.${base}`), `*.${base}`);
    assert.equal(
      find(`${other}${base}`),
      `${other}${base}`.endsWith(`.${base}`) ? `*.${base}` : undefined,
    );
    assert.equal(find(`${base}.${other}x`) !== undefined, `${base}.${other}x`.endsWith(`.${base}`));
  }));
});

Deno.test("a prefix ends on a segment boundary", () => {
  const cases: readonly [string, string, boolean][] = [
    ["/v1", "/v1", true],
    ["/v1", "/v1/", true],
    ["/v1", "/v1/a", true],
    ["/v1", "/v10", false],
    ["/v1", "/v1%2Fa", false],
    ["/v1", "/v1;a", false],
    ["/v1", "/V1", false],
    ["/v1/", "/v1", false],
    ["/v1/", "/v1/", true],
    ["/v1/", "/v1/a", true],
    ["/", "/", true],
    ["/", "/anything", true],
  ];
  for (const [value, path, expected] of cases) {
    assert.equal(covers("prefix", value, path), expected, `${value} ${path}`);
  }
});

Deno.test("an exact path and a regex cover the whole path", () => {
  assert.equal(covers("exact", "/v1", "/v1"), true);
  assert.equal(covers("exact", "/v1", "/v1/"), false);
  assert.equal(covers("regex", "/v[0-9]+/.+", "/v12/a"), true);
  assert.equal(covers("regex", "/v[0-9]+", "/v1/admin"), false);
  assert.equal(covers("regex", "/a|/b", "/a/secret"), false);
});

Deno.test("an alternative with an empty list matches nothing", () => {
  for (const empty of [{ paths: [] }, { methods: [] }]) {
    const found = compilePolicy({ log: 0, routes: [route("a.example", [empty])] }).find(
      "a.example",
    );
    assert.ok(found !== undefined);
    const subject = { methods: ["GET"], paths: ["/"], query: "", headers: [] };
    assert.equal(matchRoute(found, subject).ok, false);
  }
});

Deno.test("a policy that no schema let through does not compile", () => {
  const compile = (routes: readonly Route[]): unknown => compilePolicy({ log: 0, routes });
  assert.throws(() => compile([route("a.example"), route("a.example")]), RangeError);
  assert.throws(() => compile([route("*.a.example"), route("*.a.example")]), RangeError);
  for (const value of ["v1", "/v1/../", "/a?b", "/%2e"]) {
    assert.throws(() => compile([route("a", [{ paths: [{ type: "exact", value }] }])]), RangeError);
  }
  const broken = [{ headers: [{ name: "a", value: "(", type: "regex" as const }] }];
  assert.throws(() => compile([route("a", broken)]), RangeError);
});
