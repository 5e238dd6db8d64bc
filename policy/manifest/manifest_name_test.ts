import assert from "node:assert/strict";
import { isManifestName } from "./manifest_name.ts";

Deno.test("names begin with a letter and have only a-z, 0-9 and hyphens, at most 64 of them", () => {
  for (const name of ["a", "dev", "my-agent-2", "a".repeat(64)]) assert.ok(isManifestName(name));
  const refused = ["", "A", "1a", "-a", "a_b", "a.b", "a/b", "..", "a\n", "a".repeat(65)];
  for (const name of refused) assert.equal(isManifestName(name), false, name);
});
