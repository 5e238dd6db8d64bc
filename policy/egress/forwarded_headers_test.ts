import assert from "node:assert/strict";
import fc from "fast-check";
import { endToEndHeaders, type Header } from "./end_to_end.ts";
import { forwardedHeaders, type ForwardOptions } from "./forwarded_headers.ts";
import { DEFAULT_DLP, type Route } from "./route.ts";

const PLAIN: Route = {
  host: "a.example",
  matches: [],
  gitFetch: false,
  allowPrivate: false,
  dlp: DEFAULT_DLP,
};
const AUTH: Route = { ...PLAIN, auth: { scheme: "Bearer", tokenEnv: "EGRESS_TOKEN_0" } };

function forward(headers: readonly Header[], options?: ForwardOptions): readonly Header[] {
  const result = forwardedHeaders(PLAIN, headers, undefined, options);
  assert.ok(result.ok, JSON.stringify(result));
  return result.headers;
}

function denied(headers: readonly Header[], route?: Route, token?: string): string {
  const result = forwardedHeaders(route ?? PLAIN, headers, token);
  return result.ok ? "forwarded" : `${result.deny.status} ${result.deny.reason}`;
}

Deno.test("order, case and repetition of end-to-end headers are kept", () => {
  const headers: readonly Header[] = [
    ["ACCEPT", "a"],
    ["x-b", "1"],
    ["Accept", "b"],
    ["X-Forwarded-For", "10.0.0.1"],
    ["cookie", "c"],
    ["Content-Length", "3"],
    ["Trailer", "x"],
  ];
  assert.deepEqual(forward(headers), headers);
});

Deno.test("hop-by-hop headers and what Connection names stay behind", () => {
  const kept: Header = ["X-Kept", "1"];
  const dropped: readonly Header[] = [
    ["Connection", "X-Secret, keep-alive"],
    ["connection", "X-Other"],
    ["X-Secret", "1"],
    ["x-OTHER", "2"],
    ["Keep-Alive", "timeout=5"],
    ["Proxy-Connection", "keep-alive"],
    ["Proxy-Authorization", "Basic x"],
    ["proxy-anything", "x"],
    ["TE", "gzip"],
    ["Transfer-Encoding", "chunked"],
    ["Upgrade", "h2c"],
    ["HTTP2-Settings", "x"],
    ["Expect", "100-continue"],
  ];
  assert.deepEqual(forward([...dropped, kept]), [kept]);
  assert.deepEqual(forward([kept, ...dropped.toReversed()]), [kept]);
});

Deno.test("Connection cannot take away what the message stands on", () => {
  const headers: readonly Header[] = [
    ["Connection", "content-length, content-type, host"],
    ["Content-Length", "3"],
    ["Content-Type", "text/plain"],
  ];
  assert.deepEqual(forward(headers), headers.slice(1));
});

Deno.test("trailers are accepted onwards when the agent accepts them", () => {
  assert.deepEqual(forward([["te", "gzip, Trailers"]]), [["TE", "trailers"]]);
  assert.deepEqual(forward([["TE", "x-trailers"]]), []);
});

Deno.test("the host that was decided on replaces whatever Host there is", () => {
  assert.deepEqual(forward([["X", "1"], ["HOST", "A.Example:443"]], { host: "a.example" }), [
    ["Host", "a.example"],
    ["X", "1"],
  ]);
  assert.deepEqual(forward([["Host", "a.example"]]), []);
});

Deno.test("an upgrade is sent on as the caller's WebSocket and not otherwise", () => {
  const headers: readonly Header[] = [["Connection", "Upgrade"], ["Upgrade", "websocket"]];
  assert.deepEqual(forward(headers), []);
  assert.deepEqual(forward(headers, { webSocket: true }), headers);
  assert.deepEqual(
    forward([["Connection", "upgrade, x"], ["x", "1"], ["Upgrade", "h2c"]], {
      webSocket: true,
    }),
    headers,
  );
});

Deno.test("the agent's Authorization never leaves, with or without a credential of the route's", () => {
  const own: readonly Header[] = [["Authorization", "Bearer mine"], [
    "AUTHORIZATION",
    "token mine",
  ]];
  assert.deepEqual(forward(own), []);
  const result = forwardedHeaders(AUTH, [...own, ["X", "1"]], "secret");
  assert.deepEqual(result, {
    ok: true,
    headers: [["X", "1"], ["Authorization", "Bearer secret"]],
  });
  const connection = forwardedHeaders(AUTH, [["Connection", "Authorization"], ...own], "secret");
  assert.ok(connection.ok);
  assert.deepEqual(connection.headers, [["Authorization", "Bearer secret"]]);
});

Deno.test("a route with a credential is never served without it", () => {
  assert.equal(denied([], AUTH), "403 token_unset");
  assert.equal(denied([], AUTH, ""), "403 token_unset");
  for (const token of ["a b", "a\r\nX: y", "a\n", "\0", "\u00e4", " a", "\u0131"]) {
    const result = forwardedHeaders(AUTH, [["Authorization", "Bearer mine"]], token);
    assert.ok(!result.ok && result.deny.reason === "token_invalid", JSON.stringify(token));
  }
});

Deno.test("a credential that cannot be used is not repeated in the denial", () => {
  const result = forwardedHeaders(AUTH, [], "s3cr3t\r\nvalue");
  assert.doesNotMatch(JSON.stringify(result), /s3cr3t/);
});

Deno.test("headers that could split or blur a message are refused", () => {
  const cases: readonly (readonly Header[])[] = [
    [["X", "a\r\nY: b"]],
    [["X", "a\nb"]],
    [["X", "a\0"]],
    [["X", "\u0100"]],
    [["X\r\n", "a"]],
    [["X:", "a"]],
    [["", "a"]],
    [[" X", "a"]],
    [["Content-Length", "1"], ["Content-Length", "1"]],
    [["Content-Length", "1"], ["content-length", "2"]],
    [["Content-Length", "1, 1"]],
    [["Content-Length", "+1"]],
    [["Content-Length", "-1"]],
    [["Content-Length", "0x1"]],
    [["Content-Length", ""]],
    [["Content-Length", "1".repeat(16)]],
    [["Content-Length", "1"], ["Transfer-Encoding", "chunked"]],
    [["Transfer-Encoding", "identity"]],
    [["Transfer-Encoding", "gzip, chunked"]],
    [["Transfer-Encoding", "chunked"], ["Transfer-Encoding", "chunked"]],
    [["Transfer-Encoding", "\x0bchunked"]],
  ];
  for (const headers of cases) {
    assert.equal(denied(headers), "400 bad_header", JSON.stringify(headers));
  }
});

const header: fc.Arbitrary<Header> = fc.tuple(
  fc.oneof(
    fc.constantFrom("Authorization", "authorizatioN", "Connection", "Host", "X-A", "x-a", "TE"),
    fc.constantFrom("Proxy-X", "Upgrade", "Transfer-Encoding", "Content-Length", "Accept"),
    fc.string({ maxLength: 5 }),
  ),
  fc.oneof(
    fc.constantFrom("x-a, host", "authorization", "trailers", "chunked", "3", "Bearer mine"),
    fc.string({ unit: "binary", maxLength: 5 }),
  ),
);

Deno.test("whatever the agent sends, only well-formed end-to-end headers and one credential leave", () => {
  fc.assert(
    fc.property(fc.array(header, { maxLength: 8 }), (headers) => {
      const result = forwardedHeaders(AUTH, headers, "secret", { host: "a.example" });
      if (!result.ok) return assert.equal(result.deny.status, 400);
      const names = result.headers.map(([name]) => name.toLowerCase());
      assert.equal(names.filter((name) => name === "authorization").length, 1);
      assert.equal(names.filter((name) => name === "host").length, 1);
      assert.deepEqual(result.headers.at(-1), ["Authorization", "Bearer secret"]);
      assert.ok(!names.some((name) => name.startsWith("proxy-") || name === "transfer-encoding"));
      for (const [name, value] of result.headers) assert.doesNotMatch(name + value, /[\r\n\0]/);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("what is left end-to-end has nothing left to strip", () => {
  fc.assert(fc.property(fc.array(header, { maxLength: 8 }), (headers) => {
    const once = endToEndHeaders(headers);
    assert.deepEqual(endToEndHeaders(once), once);
    assert.ok(once.every((each) => headers.includes(each)));
  }));
});
