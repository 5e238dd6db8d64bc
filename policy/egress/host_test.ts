import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalHost, formatAuthority, parseAuthority } from "./host.ts";

function hostOf(text: string): string | undefined {
  const result = canonicalHost(text);
  return result.ok ? `${result.kind} ${result.host}` : undefined;
}

Deno.test("a name comes out in lower case, in punycode and without its trailing dot", () => {
  const cases: readonly [string, string][] = [
    ["API.Example.COM", "name api.example.com"],
    ["example.com.", "name example.com"],
    ["b\u00fccher.example", "name xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "name xn--bcher-kva.example"],
    ["\uff45xample\u3002com", "name example.com"],
    ["exa\u00admple.com", "name example.com"],
    ["_egress.local", "name _egress.local"],
    ["localhost", "name localhost"],
    ["r3---sn-abc.example", "name r3---sn-abc.example"],
    ["1e100.net", "name 1e100.net"],
  ];
  for (const [text, expected] of cases) assert.equal(hostOf(text), expected, text);
});

Deno.test("addresses keep their kind and their one canonical form", () => {
  const cases: readonly [string, string][] = [
    ["127.0.0.1", "ipv4 127.0.0.1"],
    ["127.0.0.1.", "ipv4 127.0.0.1"],
    ["::1", "ipv6 ::1"],
    ["[::1]", "ipv6 ::1"],
    ["2001:DB8:0:0:0:0:0:1", "ipv6 2001:db8::1"],
    ["2001:db8::0:1", "ipv6 2001:db8::1"],
    ["fe80:0:0:1:0:0:0:1", "ipv6 fe80:0:0:1::1"],
    ["64:ff9b::192.0.2.1", "ipv6 64:ff9b::c000:201"],
  ];
  for (const [text, expected] of cases) assert.equal(hostOf(text), expected, text);
});

Deno.test("no other spelling of an IPv4 address is taken for a name or an address", () => {
  const spellings = [
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "127.0.0.1..",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020.0.1",
    "256.0.0.1",
    "1.2.3.4.5",
    "::ffff:127.0.0.1",
    "[::ffff:7f00:1]",
    "foo.1",
    "foo.0x1",
  ];
  for (const text of spellings) assert.equal(hostOf(text), undefined, text);
});

Deno.test("whatever is not a host alone is refused", () => {
  const refused = [
    "",
    ".",
    "..",
    ".example.com",
    "example..com",
    "example.com..",
    "exa mple.com",
    "example.com\r\nHost: evil.example",
    "example.com\0.evil.example",
    "example.com%00",
    "example%2ecom",
    "user@example.com",
    "user:pass@example.com",
    "example.com:443",
    "example.com/path",
    "example.com\\@evil.example",
    "example.com?x",
    "example.com#x",
    "[example.com]",
    "[::1",
    "::1]",
    "[]",
    "[fe80::1%25eth0]",
    "fe80::1%eth0",
    ":::1",
    "*.example.com",
    "*",
    "-example.com",
    "example-.com",
    "exam!ple.com",
    "ex\u2100mple.com",
    "a\uff0fb.example",
    "xn--a",
    "xn--\u00fc.example",
    "\ud800.example",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(127)}aa`,
    "\ttab.example",
    "example.com\u0085",
  ];
  for (const text of refused) assert.equal(hostOf(text), undefined, JSON.stringify(text));
});

Deno.test("a text of any length is refused without being parsed", () => {
  const result = canonicalHost("a".repeat(10_000_000));
  assert.deepEqual(result, { ok: false, reason: "it is longer than 255 characters" });
});

const hostlike = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..."ab.-_:[]%@/0x17fF \u00ad\u3002\uff0e\u0130\u212a") }),
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
);

Deno.test("a canonical host is its own canonical form", () => {
  fc.assert(
    fc.property(hostlike, (text) => {
      const first = canonicalHost(text);
      if (first.ok) assert.deepEqual(canonicalHost(first.host), first);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("a canonical host has only its kind's characters and lengths", () => {
  fc.assert(
    fc.property(hostlike, (text) => {
      const result = canonicalHost(text);
      if (!result.ok) return;
      if (result.kind === "ipv4") assert.match(result.host, /^\d{1,3}(\.\d{1,3}){3}$/);
      if (result.kind === "ipv6") assert.match(result.host, /^[0-9a-f:]+$/);
      if (result.kind !== "name") return;
      assert.ok(result.host.length <= 253);
      for (const label of result.host.split(".")) assert.match(label, /^[a-z0-9_-]{1,63}$/);
      assert.doesNotMatch(result.host, /(^|\.)(\d+|0x[0-9a-f]*)$/);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("an accepted host is the one that a URL parser connects to", () => {
  fc.assert(
    fc.property(hostlike, (text) => {
      const result = canonicalHost(text);
      if (!result.ok) return;
      const url = new URL(`https://${formatAuthority(result.host, result.kind)}/`);
      assert.equal(url.hostname, formatAuthority(result.host, result.kind));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("every domain name and address that is well-formed is accepted", () => {
  fc.assert(fc.property(fc.domain(), (text) => assert.equal(canonicalHost(text).ok, true)));
  fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(hostOf(text), `ipv4 ${text}`)));
  fc.assert(fc.property(fc.ipV6(), (text) => {
    const url = new URL(`http://[${text}]/`).hostname;
    const isMapped = url.startsWith("[::ffff:");
    assert.equal(hostOf(text), isMapped ? undefined : `ipv6 ${url.slice(1, -1)}`);
  }));
});

Deno.test("an authority splits into host and port", () => {
  const port = (text: string, fallback?: number): unknown => {
    const result = parseAuthority(text, fallback);
    return result.ok ? [result.host, result.kind, result.port] : undefined;
  };
  assert.deepEqual(port("Example.com:8443"), ["example.com", "name", 8443]);
  assert.deepEqual(port("example.com"), ["example.com", "name", undefined]);
  assert.deepEqual(port("example.com", 443), ["example.com", "name", 443]);
  assert.deepEqual(port("[::1]:443"), ["::1", "ipv6", 443]);
  assert.deepEqual(port("[::1]"), ["::1", "ipv6", undefined]);
  assert.deepEqual(port("127.0.0.1:1"), ["127.0.0.1", "ipv4", 1]);
});

Deno.test("an authority with anything odd about its port is refused", () => {
  const refused = [
    "example.com:",
    "example.com:0",
    "example.com:0443",
    "example.com:65536",
    "example.com:99999999999999999999",
    "example.com:+443",
    "example.com:443 ",
    "example.com:4a3",
    "example.com:443:443",
    "example.com:443@evil.example",
    "::1:443",
    "::1",
    "[::1]443",
    "[::1]x:443",
    "[::1]:",
    ":443",
    "",
  ];
  for (const text of refused) assert.equal(parseAuthority(text, 443).ok, false, text);
});

Deno.test("an authority is read as it is written", () => {
  const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined });
  fc.assert(
    fc.property(hostlike, port, (text, wanted) => {
      const canonical = canonicalHost(text);
      if (!canonical.ok) return;
      const { host, kind } = canonical;
      const expected = wanted === undefined ? canonical : { ...canonical, port: wanted };
      assert.deepEqual(parseAuthority(formatAuthority(host, kind, wanted)), expected);
    }),
    { numRuns: 2000 },
  );
});
