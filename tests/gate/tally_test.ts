import assert from "node:assert/strict";
import { add, EMPTY, isGreen, summary, tallyTests } from "./tally.ts";

const RUN = { code: 0, name: "tests/x_test.ts" };

Deno.test("a skipped test needs a reason at the end of its name", () => {
  const tally = tallyTests([
    { file: "a.ts", name: "boots (needs /dev/kvm)", outcome: "skipped" },
    { file: "a.ts", name: "is lazy", outcome: "skipped" },
  ], RUN);
  assert.deepEqual(tally.skipped, [
    { what: "a.ts: boots (needs /dev/kvm)", reason: "needs /dev/kvm" },
  ]);
  assert.deepEqual(tally.failed, [
    'a.ts: is lazy: skipped without a "(needs ...)" at the end of its name',
  ]);
});

Deno.test("a run that ends badly counts as failed although every test passed", () => {
  const passed = { file: "a.ts", name: "works", outcome: "passed" } as const;
  assert.deepEqual(tallyTests([passed], { ...RUN, code: 1 }), {
    passed: 1,
    failed: ["tests/x_test.ts: ended with code 1 outside of its tests"],
    skipped: [],
  });
});

Deno.test("a failed test is not counted a second time for the exit code that it causes", () => {
  const failed = { file: "a.ts", name: "works", outcome: "failed" } as const;
  assert.deepEqual(tallyTests([failed], { ...RUN, code: 1 }).failed, ["a.ts: works"]);
});

Deno.test("the last line counts, and names skips only when there are any", () => {
  const failed = { ...EMPTY, passed: 2, failed: ["x"] };
  assert.equal(summary(failed).at(-1), "2 passed, 1 failed");
  const skipped = add(failed, { ...EMPTY, skipped: [{ what: "y", reason: "needs z" }] });
  assert.equal(summary(skipped).at(-1), "2 passed, 1 failed, 1 skipped");
  assert.ok(summary(skipped).includes("skipped: y: needs z"));
});

Deno.test("nothing run is not green", () => {
  assert.equal(isGreen(EMPTY), false);
  assert.equal(isGreen({ ...EMPTY, passed: 1 }), true);
  assert.equal(isGreen({ ...EMPTY, passed: 1, failed: ["x"] }), false);
});
