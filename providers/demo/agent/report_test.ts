import assert from "node:assert/strict";
import { jsonLines, table, type Verdict } from "./report.ts";

const verdicts: readonly Verdict[] = [
  { attempt: "read", must: "allowed", was: "allowed", passed: true, by: "200" },
  { attempt: "get out", must: "stopped", was: "allowed", passed: false, by: "\x1b[2J answered" },
];

Deno.test("the table has columns, says what should have been, and sums up", () => {
  assert.equal(
    table(verdicts, { color: false, milliseconds: 7 }),
    [
      "ok    read     allowed  200",
      "FAIL  get out  allowed  must be stopped: ?[2J answered",
      "",
      "1 of 2 as it must be, in 7 ms",
      "",
    ].join("\n"),
  );
});

Deno.test("the table is coloured only when asked to", () => {
  assert.ok(!table(verdicts, { color: false, milliseconds: 7 }).includes("\x1b"));
  assert.ok(table(verdicts, { color: true, milliseconds: 7 }).includes("\x1b[1;31mFAIL"));
});

Deno.test("each verdict is one line of JSON", () => {
  const lines = jsonLines(verdicts).trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), verdicts);
});
