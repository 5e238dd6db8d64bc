import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalTarget, MAX_TARGET_LENGTH, splitAbsoluteTarget } from "./path.ts";

function targetOf(raw: string): string | undefined {
  const result = canonicalTarget(raw);
  return result.ok ? result.target : undefined;
}

Deno.test("a target comes out in its one canonical form", () => {
  const cases: readonly [string, string][] = [
    ["/", "/"],
    ["/v1/messages", "/v1/messages"],
    ["/v1/messages/", "/v1/messages/"],
    ["/v1/./messages", "/v1/messages"],
    ["/v1/../admin", "/admin"],
    ["/v1/%2e%2e/admin", "/admin"],
    ["/v1/%2E%2e/admin", "/admin"],
    ["/v1/.%2e/admin", "/admin"],
    ["/v1/%2e/admin", "/v1/admin"],
    ["/../../../etc/passwd", "/etc/passwd"],
    ["/a/b/..", "/a/"],
    ["/a/b/.", "/a/b/"],
    ["/..", "/"],
    ["//evil.example//a", "/evil.example/a"],
    ["/a//../b", "/b"],
    ["///", "/"],
    ["/%7euser/%41%2d%5f", "/~user/A-_"],
    ["/%c3%a9/%2f/%3b", "/%C3%A9/%2F/%3B"],
    ["/a%2fb", "/a%2Fb"],
    ["/v1%2Fmessages", "/v1%2Fmessages"],
    ["/%252e%252e/admin", "/%252e%252e/admin"],
    ["/%252fadmin", "/%252fadmin"],
    ["/a;b=c/d", "/a;b=c/d"],
    ["/a=b&c,d:e@f!$'()*+", "/a=b&c,d:e@f!$'()*+"],
    ['/{id}|^`"<>', "/%7Bid%7D%7C%5E%60%22%3C%3E"],
    ["/.git/config", "/.git/config"],
    ["/.../a", "/.../a"],
    ["/a..b/..c/d..", "/a..b/..c/d.."],
  ];
  for (const [raw, expected] of cases) assert.equal(targetOf(raw), expected, raw);
});

Deno.test("the query is kept to the byte", () => {
  const cases: readonly string[] = [
    "/?",
    "/?a=b&a=b",
    "/?a=%2e%2e/../x",
    "/?a=%zz%",
    "/?//..//./?#".replace("#", ""),
    '/?{|}\\^`"<>',
    "/?%0d%0a",
  ];
  for (const raw of cases) assert.equal(targetOf(raw), raw, raw);
});

Deno.test("a target that could be read in two ways is refused", () => {
  const refused = [
    "",
    "*",
    "v1",
    "http://example.com/",
    "/a b",
    "/a\tb",
    "/a\r\nHost: evil.example",
    "/a\0b",
    "/a\x7fb",
    "/caf\u00e9",
    "/a#b",
    "/?a#b",
    "/a\\b",
    "/..\\admin",
    "/%",
    "/%2",
    "/%zz",
    "/%u002e",
    "/a%00b",
    "/a%0d%0ab",
    "/a%1fb",
    "/a%7Fb",
    "/?a b",
    "/?a\nb",
    "/?caf\u00e9",
  ];
  for (const raw of refused) assert.equal(targetOf(raw), undefined, JSON.stringify(raw));
});

Deno.test("a path in which a laxer server would find a dot segment is refused", () => {
  const refused = [
    "/v1/..%2fadmin",
    "/v1/..%2Fadmin",
    "/v1/%2e%2e%2fadmin",
    "/v1/%2e%2e%2f%2e%2e%2fadmin",
    "/v1%2f..%2fadmin",
    "/v1%2f../..%2fadmin%2f..",
    "/v1/..%5cadmin",
    "/v1%5c..%5Cadmin",
    "/..;/admin",
    "/v1/..;a=b/admin",
    "/v1/.;/admin",
    "/v1/..%3badmin",
    "/v1/..%3b%2fadmin",
    "/v1/x%2f..",
    "/v1/x%2f.",
    "/v1/..;",
    "/v1/%c0%ae%c0%ae/admin",
    "/v1/.%C0%AE%c0%af..",
    "/v1/x%c1%9c..",
    "/v1/%e0%80%ae%e0%80%ae/",
    "/v1%e0%81%9c",
    "/v1%f0%80%80%af",
  ];
  for (const raw of refused) assert.equal(targetOf(raw), undefined, raw);
});

Deno.test("a target of any length is refused without being normalised", () => {
  assert.equal(canonicalTarget(`/${"a".repeat(MAX_TARGET_LENGTH - 1)}`).ok, true);
  assert.equal(canonicalTarget(`/${"a".repeat(MAX_TARGET_LENGTH)}`).ok, false);
  assert.equal(canonicalTarget("/../".repeat(10_000_000)).ok, false);
  assert.equal(targetOf(`/${'"'.repeat(MAX_TARGET_LENGTH - 1)}`), undefined);
});

const pieces = [
  "/",
  "//",
  "..",
  ".",
  "%2e",
  "%2E%2e",
  "%2f",
  "%5C",
  "%25",
  "%252e",
  ";",
  "%3b",
  "a",
  "v1",
  "B",
  "%41",
  "%c3%a9",
  "~",
  "{",
  "?",
  "=",
  "&",
];
const rawTarget = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 16 }).map((parts) => `/${parts.join("")}`),
  fc.webPath(),
  fc.string({ unit: "binary-ascii", maxLength: 40 }).map((text) => `/${text}`),
);

Deno.test("a canonical target is its own canonical form", () => {
  fc.assert(
    fc.property(rawTarget, (raw) => {
      const first = canonicalTarget(raw);
      if (first.ok) assert.deepEqual(canonicalTarget(first.target), first);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("a canonical path has no segment that is empty or made of dots", () => {
  fc.assert(
    fc.property(rawTarget, (raw) => {
      const result = canonicalTarget(raw);
      if (!result.ok) return;
      assert.equal(result.target, result.path + result.query);
      assert.match(result.path, /^\/[\x21-\x7e]*$/);
      assert.doesNotMatch(result.path, /\/\/|\/\.\.?(\/|$)|[\\#?"<>^`{|}]|%[0-9a-f]?[a-f]/);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("no decoding that a server may add leads out of a path's prefix", () => {
  const decoders: readonly ((path: string) => string)[] = [
    (path) => path,
    (path) => path.replace(/%2F/g, "/"),
    (path) => path.replace(/%2F|%5C/g, "/").replace(/%3B/g, ";"),
    (path) => path.replace(/%2F|%5C/g, "/").replace(/%3B/g, ";").replace(/;[^/]*/g, ""),
  ];
  fc.assert(
    fc.property(rawTarget.map((raw) => `/v1${raw}`), (raw) => {
      const result = canonicalTarget(raw);
      if (!result.ok || !result.path.startsWith("/v1/")) return;
      for (const decode of decoders) {
        const seen = new URL(`http://h${decode(result.path)}`).pathname;
        assert.ok(seen.startsWith("/v1/") || seen === "/v1", `${raw} ${seen}`);
      }
    }),
    { numRuns: 20_000 },
  );
});

const segments = ["/", "/", "..", ".", "%2e", "%2E", "%2F", "a", "v1", ";x"];
const dottedTarget = fc.array(fc.constantFrom(...segments), { maxLength: 12 })
  .map((parts) => `/${parts.join("")}`);

Deno.test("a URL parser removes the same dot segments once slashes are merged", () => {
  fc.assert(
    fc.property(dottedTarget, (raw) => {
      const result = canonicalTarget(raw);
      if (!result.ok) return;
      const merged = raw.replace(/%2e/gi, ".").replace(/\/+/g, "/");
      assert.equal(result.path, new URL(`http://h${merged}`).pathname);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("an absolute target splits into where and what", () => {
  const split = (raw: string): unknown => {
    const result = splitAbsoluteTarget(raw);
    return result.ok && [result.authority.host, result.authority.port, result.rawTarget];
  };
  assert.deepEqual(split("http://Example.com/a?b"), ["example.com", 80, "/a?b"]);
  assert.deepEqual(split("HTTP://example.com:8080"), ["example.com", 8080, "/"]);
  assert.deepEqual(split("http://example.com?a=b"), ["example.com", 80, "/?a=b"]);
  assert.deepEqual(split("http://[::1]/"), ["::1", 80, "/"]);
  assert.deepEqual(split("http://example.com/../a"), ["example.com", 80, "/../a"]);
});

Deno.test("an absolute target with another scheme or a user is refused", () => {
  const refused = [
    "https://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "http:///a",
    "http://user@example.com/",
    "http://example.com:80@evil.example/",
    "http://example.com\\@evil.example/",
    "http:/example.com/",
    "//example.com/",
    "http://2130706433/",
    " http://example.com/",
    `http://example.com/${"a".repeat(MAX_TARGET_LENGTH)}`,
  ];
  for (const raw of refused) assert.equal(splitAbsoluteTarget(raw).ok, false, raw);
});
