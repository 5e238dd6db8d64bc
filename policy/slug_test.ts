import assert from "node:assert/strict";
import fc from "fast-check";
import { agentSlug, isSlug, MAX_SLUG, slugify, uniqueLabel } from "./slug.ts";

Deno.test("a label becomes lower-case words joined by hyphens", () => {
  assert.equal(slugify("Fix the  login page!"), "fix-the-login-page");
  assert.equal(slugify("  \u00dcber-Caf\u00e9 #12 "), "uber-cafe-12");
  assert.equal(slugify("a/../b"), "a-b");
  assert.equal(slugify("x".repeat(100)).length, MAX_SLUG);
});

Deno.test("a label without a letter or digit has no slug", () => {
  assert.equal(slugify(""), "");
  assert.equal(slugify("--- \u{1f600} ---"), "");
});

Deno.test("an agent's slug ends in its random characters, however long the name is", () => {
  assert.equal(agentSlug("implementer", "k3x9q"), "implementer-k3x9q");
  const long = agentSlug("a".repeat(64), "k3x9q");
  assert.ok(long.endsWith("-k3x9q"));
  assert.equal(long.length, MAX_SLUG);
});

Deno.test("a label in use gets the first free number", () => {
  assert.equal(uniqueLabel("Review", new Set()), "review");
  assert.equal(uniqueLabel("Review", new Set(["review"])), "review-2");
  assert.equal(uniqueLabel("review", new Set(["review", "review-2", "review-4"])), "review-3");
});

Deno.test("a number fits behind a label of any length", () => {
  const base = "x".repeat(60);
  const first = uniqueLabel(base, new Set());
  const second = uniqueLabel(base, new Set([first]));
  assert.notEqual(second, first);
  assert.ok(second.endsWith("-2") && second.length <= MAX_SLUG);
});

Deno.test("whatever is put in, slugs have only a-z, 0-9 and inner hyphens, and stay as they are", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 80 }), (label) => {
    const slug = slugify(label);
    assert.ok(slug === "" || isSlug(slug), slug);
    assert.equal(slugify(slug), slug);
    const unique = uniqueLabel(label, new Set([slug, "bottle"]));
    assert.ok(isSlug(unique) && unique !== slug);
    assert.ok(isSlug(agentSlug(label, "abcde")));
  }));
});
