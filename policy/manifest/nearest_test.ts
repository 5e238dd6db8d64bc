import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, nearest } from "./nearest.ts";

Deno.test("a slip of the hand finds the word that was meant", () => {
  const keys = ["extends", "env", "agent_provider", "git-gate", "egress"];
  assert.equal(nearest("egres", keys), "egress");
  assert.equal(nearest("Egress", keys), "egress");
  assert.equal(nearest("extend", keys), "extends");
  assert.equal(nearest("git_gate", keys), "git-gate");
  assert.equal(nearest("agent-provider", keys), "agent_provider");
  assert.equal(nearest("enw", keys), "env");
});

Deno.test("a word like none of them finds nothing", () => {
  assert.equal(nearest("volumes", ["extends", "env", "egress"]), undefined);
  assert.equal(nearest("x", ["a", "b"]), undefined);
  assert.equal(nearest("", ["a"]), undefined);
  assert.equal(nearest("abc", []), undefined);
});

Deno.test("the distance is zero for equal words, symmetric, and at most the longer length", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(fc.property(word, word, (a, b) => {
    const distance = editDistance(a, b);
    assert.equal(distance, editDistance(b, a));
    assert.equal(distance === 0, a === b);
    assert.ok(distance <= Math.max(a.length, b.length));
    assert.ok(distance >= Math.abs(a.length - b.length));
  }));
});

Deno.test("swapped neighbours count as one change", () => {
  assert.equal(editDistance("egerss", "egress"), 1);
});

Deno.test("very long words are compared in bounded time", () => {
  assert.equal(nearest("a".repeat(1_000_000), ["b".repeat(1_000_000)]), undefined);
});
