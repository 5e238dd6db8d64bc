import assert from "node:assert/strict";
import { Operator } from "./operator.ts";

Deno.test("the demo's agent reaches what it may and nothing else, and leaves nothing", async () => {
  await using operator = await Operator.create();
  const { code, stdout, stderr } = await operator.run(["demo"]);
  assert.equal(code, 0, stdout + stderr);
  const rows = stdout.split("\n").filter((line) => /\b(allowed|stopped)\b/.test(line));
  assert.ok(rows.length >= 15, stdout);
  assert.doesNotMatch(stdout, /\bLEAK|\bfailed\b/i);
  assert.deepEqual(await operator.backend.planCleanup(), []);
  assert.deepEqual([...Deno.readDirSync(`${operator.home}/state`)], []);
});
