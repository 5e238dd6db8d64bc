import assert from "node:assert/strict";
import { addedLines, branchShare, changedShare, lineShare, parseLcov, percent } from "./lcov.ts";

const REPORT = `SF:/src/policy/a.ts
DA:1,3
DA:2,0
DA:4,1
BRDA:2,1,0,1
BRDA:2,1,1,-
end_of_record
SF:file:///src/host/b.ts
DA:1,1
end_of_record
`;

Deno.test("lines and branches are counted from a report", () => {
  const files = parseLcov(REPORT, "/src");
  assert.deepEqual(files.map(({ path }) => path), ["policy/a.ts", "host/b.ts"]);
  assert.deepEqual(lineShare(files), { covered: 3, all: 4 });
  assert.deepEqual(branchShare(files), { covered: 1, all: 2 });
  assert.equal(percent(lineShare(files)), 75);
  assert.equal(percent(lineShare([])), 100);
});

Deno.test("changed lines are those that a diff added and that have code", () => {
  const diff = [
    "--- a/policy/a.ts",
    "+++ b/policy/a.ts",
    "@@ -1 +2,3 @@ context",
    "+x",
    "@@ -9,2 +20,0 @@",
    "--- a/host/c.ts",
    "+++ /dev/null",
    "@@ -1 +0,0 @@",
  ].join("\n");
  const added = addedLines(diff);
  assert.deepEqual([...added.get("policy/a.ts") ?? []], [2, 3, 4]);
  assert.deepEqual(changedShare(parseLcov(REPORT, "/src"), added), { covered: 1, all: 2 });
});
