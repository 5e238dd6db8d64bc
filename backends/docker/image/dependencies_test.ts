import assert from "node:assert/strict";
import { withOwnDependencies } from "./dependencies.ts";

const CONFIG = JSON.stringify({
  imports: { used: "npm:used@1.0.0", unused: "npm:unused@2.0.0", self: "./mod.ts" },
});
const LOCK = JSON.stringify({
  version: "5",
  specifiers: { "npm:used@1.0.0": "1.0.0", "npm:unused@2.0.0": "2.0.0" },
  npm: {
    "used@1.0.0": { integrity: "a", dependencies: ["deep"] },
    "deep@3.0.0": { integrity: "b", dependencies: ["used@1.0.0"] },
    "unused@2.0.0": { integrity: "c", dependencies: ["other"] },
    "other@4.0.0": { integrity: "d" },
  },
  workspace: { dependencies: ["npm:unused@2.0.0", "npm:used@1.0.0"] },
});

function reduce(module: string): { config: unknown; lock: Record<string, object> } {
  const sources = new Map([["deno.json", CONFIG], ["deno.lock", LOCK], ["a.ts", module]]);
  const own = withOwnDependencies(sources);
  return {
    config: JSON.parse(own.get("deno.json") ?? ""),
    lock: JSON.parse(own.get("deno.lock") ?? ""),
  };
}

Deno.test("only libraries that a source imports stay, with all that they depend on", () => {
  const { config, lock } = reduce('import { x } from "used/part";');
  assert.deepEqual(config, { imports: { used: "npm:used@1.0.0" }, nodeModulesDir: "none" });
  assert.deepEqual(Object.keys(lock.npm ?? {}), ["deep@3.0.0", "used@1.0.0"]);
  assert.deepEqual(lock.workspace, { dependencies: ["npm:used@1.0.0"] });
});

Deno.test("sources that import nothing have no library", () => {
  assert.deepEqual(reduce("").lock.npm, {});
});

Deno.test("sources without a configuration pass as they are", () => {
  const sources = new Map([["sidecar/Dockerfile", "FROM scratch"]]);
  assert.equal(withOwnDependencies(sources), sources);
});
