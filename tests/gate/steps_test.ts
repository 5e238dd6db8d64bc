import assert from "node:assert/strict";
import { join } from "node:path";
import { runSteps } from "./main.ts";
import { suiteStep } from "./steps.ts";
import type { Suite } from "./suites.ts";
import { isGreen, type Tally } from "./tally.ts";

/** Runs a real test file through the gate's step and returns counts and what was written. */
async function gate(text: string, name?: string): Promise<{ tally: Tally; lines: string[] }> {
  const root = await Deno.makeTempDir({ prefix: "bot-bottle-test-" });
  try {
    await Deno.writeTextFile(join(root, "deno.json"), "{}");
    await Deno.writeTextFile(join(root, "made_up_test.ts"), text);
    const suite: Suite = {
      name: "made up",
      kind: "unit",
      files: ["made_up_test.ts"],
      permissions: [],
      parallel: false,
    };
    const options = { root, scratch: root, ...(name === undefined ? {} : { name }) };
    const lines: string[] = [];
    const tally = await runSteps([suiteStep(suite, options)], (line) => lines.push(line));
    return { tally, lines };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("the gate counts tests and steps of a real run", async () => {
  const { tally, lines } = await gate(`
    Deno.test("says <b>&amp;</b> \\"x\\"", () => {});
    Deno.test("walks", async (t) => {
      await t.step("one", () => {});
      await t.step("two", () => {});
    });
    Deno.test({ name: "boots (needs a moon)", ignore: true, fn() {} });
  `);
  assert.equal(tally.passed, 4);
  assert.deepEqual(tally.failed, []);
  assert.deepEqual(tally.skipped, [
    { what: "made_up_test.ts: boots (needs a moon)", reason: "needs a moon" },
  ]);
  assert.match(lines[0] ?? "", /^ok made up: 4 passed, 0 failed, 1 skipped \([\d.]+ s\)$/);
  assert.equal(lines.length, 1);
});

Deno.test("a failure's output is shown in full", async () => {
  const { tally, lines } = await gate(`
    Deno.test("breaks </testcase><failure>", () => {
      console.log("a word before");
      throw new Error("it broke");
    });
  `);
  assert.deepEqual(tally.failed, ["made_up_test.ts: breaks </testcase><failure>"]);
  assert.match(lines[0] ?? "", /^FAILED /);
  assert.match(lines[1] ?? "", /a word before[\s\S]*it broke/);
});

Deno.test("an error outside every test is a failure", async () => {
  const { tally } = await gate(`Deno.test("works", () => {}); throw new Error("outside");`);
  assert.equal(isGreen(tally), false);
});

Deno.test("a test file that does not parse is a failure", async () => {
  const { tally } = await gate("Deno.test(");
  assert.deepEqual(tally.failed, ["made up: ended with code 1 outside of its tests"]);
});

Deno.test("a focused test does not make a green run", async () => {
  const { tally } = await gate(`
    Deno.test("works", () => {});
    Deno.test.only("hides the others", () => {});
  `);
  assert.equal(isGreen(tally), false);
});

Deno.test("a suite without permissions cannot read files or the environment", async () => {
  const { tally } = await gate(`
    Deno.test("reads", () => { Deno.readTextFileSync("deno.json"); });
    Deno.test("asks", () => { Deno.env.get("HOME"); });
  `);
  assert.equal(tally.failed.length, 2);
});

Deno.test("a name narrows a run to the tests that have it", async () => {
  const { tally } = await gate(
    `Deno.test("first", () => {}); Deno.test("second", () => { throw new Error("no"); });`,
    "first",
  );
  assert.equal(tally.passed, 1);
  assert.equal(isGreen(tally), true);
});
