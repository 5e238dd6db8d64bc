import assert from "node:assert/strict";
import { run, shown } from "./command.ts";

Deno.test("output of both streams, the code and the end of input are seen", async () => {
  const script = "cat; echo out; echo err >&2; exit 3";
  const ended = await run(["sh", "-c", script], { cwd: ".", limit: 10_000 });
  assert.equal(ended.code, 3);
  assert.equal(ended.timedOut, false);
  assert.deepEqual(ended.output.trim().split("\n").sort(), ["err", "out"]);
});

Deno.test("a program that takes too long is killed", async () => {
  const ended = await run(["sleep", "60"], { cwd: ".", limit: 50 });
  assert.equal(ended.timedOut, true);
  assert.notEqual(ended.code, 0);
});

Deno.test("the runtime's path is shown as its name", () => {
  assert.equal(shown([Deno.execPath(), "fmt", "--check"]), "deno fmt --check");
});
