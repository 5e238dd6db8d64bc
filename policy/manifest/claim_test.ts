import assert from "node:assert/strict";
import { DEFAULT_DLP, type Route } from "../egress/route.ts";
import { claimHosts } from "./claim.ts";
import type { SourcedRoute } from "./layer.ts";

function route(host: string): Route {
  return { host, matches: [], gitFetch: false, allowPrivate: false, dlp: DEFAULT_DLP };
}

function sourced(host: string, line: number): SourcedRoute {
  const place = { file: "dev.md", line, column: 3, keyPath: "egress.routes[0]" };
  return { route: route(host), origin: { kind: "bottle", name: "dev", ...place } };
}

Deno.test("a provider's route replaces the manifest's for the same host, with a note", () => {
  const own = [sourced("api.example.com", 4), sourced("example.org", 9)];
  const { routes, notes } = claimHosts(own, [route("api.example.com")]);
  assert.deepEqual(routes.map((each) => each.host), ["api.example.com", "example.org"]);
  assert.deepEqual(notes, [
    "dev.md:4: the route for api.example.com is not used, since the provider brings its own",
  ]);
});

Deno.test("another spelling of a host claims it as well", () => {
  const { routes, notes } = claimHosts([sourced("api.example.com", 4)], [
    route("API.Example.com."),
  ]);
  assert.deepEqual(routes.map((each) => each.host), ["api.example.com"]);
  assert.equal(notes.length, 1);
});

Deno.test("a wildcard stays beside a claimed host", () => {
  const { routes, notes } = claimHosts([sourced("*.example.com", 4)], [route("api.example.com")]);
  assert.deepEqual(routes.map((each) => each.host), ["api.example.com", "*.example.com"]);
  assert.deepEqual(notes, []);
});

Deno.test("a provider's route for what is no host is refused", () => {
  assert.throws(() => claimHosts([], [route("http://x/")]), RangeError);
});
