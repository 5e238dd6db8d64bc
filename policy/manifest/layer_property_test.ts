import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_DLP, type Route } from "../egress/route.ts";
import { EMPTY_LAYER, type Layer, mergeLayers, type RepoFields } from "./layer.ts";
import type { Origin } from "./origin.ts";

let lastLine = 0;

/** A place that no other value has, so that each can be told from where it came. */
function place(): Origin {
  const line = ++lastLine;
  return { kind: "bottle", name: `b${line}`, file: `b${line}.md`, line, column: 1, keyPath: "" };
}

function optional<K extends string, T>(
  key: K,
  value: fc.Arbitrary<T>,
): fc.Arbitrary<{ [P in K]?: T }> {
  return fc.oneof(fc.constant({}), value.map((each) => ({ [key]: each }) as { [P in K]?: T }));
}

const NAME = fc.constantFrom("A", "B", "toString", "constructor", "__proto__");
const text = fc.constantFrom("x", "y", "z");

const sourced = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<{ value: T; origin: Origin }> =>
  value.map((each) => ({ value: each, origin: place() }));

const env = fc.array(fc.tuple(NAME, text), { maxLength: 4 }).map((pairs) =>
  new Map(
    pairs.map(([name, value]) => [name, { kind: "literal", value, origin: place() }] as const),
  )
);

const repo: fc.Arbitrary<RepoFields> = fc.tuple(
  optional("hostKey", sourced(text)),
  optional(
    "url",
    sourced(text.map((host) => ({ text: host, user: "git", host, port: 22, path: "/x" }))),
  ),
).map(([hostKey, url]) => ({ ...hostKey, ...url, origin: place() }));

const repos = fc.tuple(fc.boolean(), fc.array(fc.tuple(NAME, repo), { maxLength: 3 })).map(
  ([clears, entries]) => ({ clears, byName: new Map(clears ? [] : entries) }),
);

function route(host: string): Route {
  return { host, matches: [], gitFetch: false, allowPrivate: false, dlp: DEFAULT_DLP };
}

const layer: fc.Arbitrary<Layer> = fc.tuple(
  env,
  repos,
  fc.array(text.map((host) => ({ route: route(host), origin: place() })), { maxLength: 3 }),
  optional("log", sourced(fc.constantFrom(0 as const, 1 as const, 2 as const))),
  optional("name", sourced(text)),
  optional("email", sourced(text)),
).map(([env, repos, routes, log, name, email]) => {
  return { env, repos, routes, ...log, gitUser: { ...name, ...email } };
});

Deno.test("putting layers together is associative", () => {
  fc.assert(
    fc.property(layer, layer, layer, (a, b, c) => {
      assert.deepEqual(mergeLayers(mergeLayers(a, b), c), mergeLayers(a, mergeLayers(b, c)));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a layer that says nothing changes nothing, and a layer over itself is itself", () => {
  fc.assert(fc.property(layer, (a) => {
    assert.deepEqual(mergeLayers(EMPTY_LAYER, a), a);
    assert.deepEqual(mergeLayers(a, EMPTY_LAYER), a);
    assert.deepEqual(mergeLayers(a, a), a);
  }));
});

Deno.test("the upper layer wins wherever it speaks, and the lower shines through elsewhere", () => {
  fc.assert(
    fc.property(layer, layer, (lower, upper) => {
      const merged = mergeLayers(lower, upper);
      for (const [name, entry] of merged.env) {
        assert.equal(entry, upper.env.get(name) ?? lower.env.get(name));
      }
      assert.equal(merged.log, upper.log ?? lower.log);
      assert.equal(merged.gitUser.name, upper.gitUser.name ?? lower.gitUser.name);
      for (const [name, fields] of merged.repos.byName) {
        const below = upper.repos.clears ? undefined : lower.repos.byName.get(name);
        const above = upper.repos.byName.get(name);
        assert.equal(fields.url, above?.url ?? below?.url);
        assert.equal(fields.hostKey, above?.hostKey ?? below?.hostKey);
        assert.equal(fields.origin, above?.origin ?? below?.origin);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("no name and no route is invented or lost", () => {
  fc.assert(fc.property(layer, layer, (lower, upper) => {
    const merged = mergeLayers(lower, upper);
    assert.deepEqual(
      new Set(merged.env.keys()),
      new Set([...lower.env.keys(), ...upper.env.keys()]),
    );
    assert.deepEqual(new Set(merged.routes), new Set([...lower.routes, ...upper.routes]));
    const below = upper.repos.clears ? [] : [...lower.repos.byName.keys()];
    assert.deepEqual(
      new Set(merged.repos.byName.keys()),
      new Set([...below, ...upper.repos.byName.keys()]),
    );
  }));
});
