import assert from "node:assert/strict";
import { requestOfUrl } from "./request_of_url.ts";

function view(url: string, headers: readonly (readonly [string, string])[] = []): unknown {
  const result = requestOfUrl({ method: "GET", url, headers });
  if (!result.ok) return result.reason;
  const { scheme, authority: { host, port }, hostHeaders, rawTarget } = result.request;
  return [scheme, host, port, hostHeaders, rawTarget];
}

Deno.test("a URL becomes the request that a well-behaved client would send", () => {
  assert.deepEqual(view("https://A.example/v1/../x?y#z"), [
    "https",
    "a.example",
    443,
    ["a.example"],
    "/v1/../x?y",
  ]);
  assert.deepEqual(view("HTTP://a.example:8080"), [
    "http",
    "a.example",
    8080,
    ["a.example:8080"],
    "/",
  ]);
  assert.deepEqual(view("https://[::1]?a"), ["https", "::1", 443, ["[::1]"], "/?a"]);
});

Deno.test("a Host header that is given takes the place of the URL's", () => {
  assert.deepEqual(view("https://a.example/", [["HOST", "b.example"]]), [
    "https",
    "a.example",
    443,
    ["b.example"],
    "/",
  ]);
});

Deno.test("what is no web URL is refused with a reason", () => {
  for (const url of ["a.example", "ftp://a.example/", "https:///x", "https://u@a.example/", ""]) {
    assert.equal(typeof view(url), "string", url);
  }
});
