import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ManifestStore } from "../host/manifests/store.ts";

const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));

function store(): ManifestStore {
  return new ManifestStore({ home: EXAMPLES, cwd: fileURLToPath(new URL(".", import.meta.url)) });
}

Deno.test("every example agent resolves with its own bottle, without a warning", async () => {
  const agents = await store().listAgents();
  assert.deepEqual(agents.map((each) => each.name), [
    "demo",
    "implementer",
    "release-writer",
    "reviewer",
  ]);
  for (const { name } of agents) {
    const resolved = await store().resolve({ agent: name });
    assert.deepEqual(resolved.warnings, [], name);
    assert.notEqual(resolved.agent.prompt, "", name);
  }
});

Deno.test("every example bottle resolves, alone and on top of dev", async () => {
  const bottles = (await store().listBottles()).map((each) => each.name);
  assert.deepEqual(bottles, [
    "base",
    "claude",
    "demo",
    "dev",
    "github-issues",
    "locked",
    "upstream",
  ]);
  for (const name of bottles) {
    for (const chosen of [[name], ["dev", name]]) {
      const resolved = await store().resolve({ agent: "demo", bottles: chosen });
      assert.deepEqual(resolved.warnings, [], chosen.join());
    }
  }
});

Deno.test("the locked example allows no host of its own, and the demo needs no account", async () => {
  const locked = await store().resolve({ agent: "reviewer" });
  assert.deepEqual(locked.egress, { log: 2, routes: [] });
  const demo = await store().resolve({ agent: "demo" });
  assert.equal(demo.provider.template, "demo");
  assert.equal(demo.provider.authToken, undefined);
});

Deno.test("no example lets anything be pushed or published over HTTPS", async () => {
  const { egress } = await store().resolve({ agent: "implementer" });
  for (const { route } of egress.routes) {
    const methods = route.matches.flatMap((entry) => entry.methods ?? ["*"]);
    assert.ok(methods.length > 0, route.host);
    const writes = methods.filter((method) => method !== "GET" && method !== "HEAD");
    assert.deepEqual(writes, route.host === "github.com" ? ["POST"] : [], route.host);
  }
});
