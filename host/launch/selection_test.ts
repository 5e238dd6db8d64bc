import assert from "node:assert/strict";
import { checkLabel, completeSelection, parseColor } from "./selection.ts";

Deno.test("colours are those of the list, and the error lists them", () => {
  assert.equal(parseColor("blue"), "blue");
  for (const bad of ["purple", "", "BLUE", "__proto__"]) {
    assert.throws(() => parseColor(bad), (error: Error & { hint?: string }) => {
      return error.hint === "choose one of red, green, yellow, blue, magenta";
    });
  }
});

Deno.test("a label needs something that a slug can be made of", () => {
  assert.equal(checkLabel("Fix #12"), "Fix #12");
  for (const bad of ["", "---", "\u{1f600}"]) {
    assert.throws(() => checkLabel(bad), /has no letter or digit/);
  }
});

Deno.test("a start that asks nothing needs an agent and keeps what was given", () => {
  assert.deepEqual(completeSelection({ agent: "a", bottles: ["b"] }), {
    agent: "a",
    bottles: ["b"],
  });
  assert.throws(() => completeSelection({ bottles: [] }), /no agent is named/);
});
