import assert from "node:assert/strict";
import fc from "fast-check";
import { compileRegex, MAX_REGEX_LENGTH } from "./regex.ts";

function matches(source: string, text: string): boolean | undefined {
  const compiled = compileRegex(source);
  return compiled.ok ? compiled.regex.matches(text) : undefined;
}

Deno.test("a pattern matches the whole text or nothing", () => {
  assert.equal(matches("/v1/[a-z]+", "/v1/abc"), true);
  assert.equal(matches("/v1/[a-z]+", "/v1/abc/../x"), false);
  assert.equal(matches("/v1", "/v1/admin"), false);
  assert.equal(matches("v1", "/v1"), false);
  assert.equal(matches("a|b", "ab"), false);
  assert.equal(matches("a|ab", "ab"), true);
  assert.equal(matches("(?m)^a$", "a\nb"), false);
  assert.equal(matches("/v1/.*", "/v1/a\nb"), false);
});

Deno.test("what cannot run in linear time is not a pattern", () => {
  const refused = [
    "(a)\\1",
    "(?=a)b",
    "(?!a)b",
    "(?<=a)b",
    "(?<!a)b",
    "(?>a)",
    "a++",
    "(",
    "[",
    "*",
  ];
  for (const source of refused) assert.equal(compileRegex(source).ok, false, source);
});

Deno.test("a pattern that is too long or grows too large is refused with a reason", () => {
  assert.equal(compileRegex("").ok, false);
  assert.equal(compileRegex("a".repeat(MAX_REGEX_LENGTH)).ok, true);
  for (const source of ["a".repeat(MAX_REGEX_LENGTH + 1), "(a{1,1000}){1,1000}", "a{1001}"]) {
    const compiled = compileRegex(source);
    assert.ok(!compiled.ok && compiled.reason !== "", source.slice(0, 40));
  }
  const large = compileRegex(`(?:${"[a-z]{1,1000}".repeat(20)})`);
  assert.equal(large.ok, false);
});

Deno.test("patterns that ruin a backtracking matcher come to an end", () => {
  // 2^32768 steps for a matcher that backtracks: ending at all is the proof.
  const hostile = `${"a".repeat(32 * 1024)}!`;
  const patterns = ["(a+)+", "(a|a)*", "(a|aa)+", "(.*)*x", "(a*)*b", ".*.*.*.*=.*", "([a-z]+)*$"];
  for (const source of patterns) assert.equal(matches(source, hostile), false, source);
});

Deno.test("a pattern agrees with the language's own matcher where both know the syntax", () => {
  const source = fc.array(
    fc.constantFrom(
      "a",
      "b",
      "/",
      ".",
      "[ab]",
      "[^a]",
      "(?:a|b)",
      "a*",
      "b+",
      "a?",
      "(a)",
      "b{1,2}",
    ),
    { minLength: 1, maxLength: 6 },
  ).map((parts) => parts.join(""));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "c"), maxLength: 8 });
  fc.assert(
    fc.property(source, text, (pattern, candidate) => {
      assert.equal(matches(pattern, candidate), new RegExp(`^(?:${pattern})$`).test(candidate));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("any text at all is either a pattern or refused", () => {
  const source = fc.string({ unit: "grapheme", maxLength: 60 });
  const syntax = fc.string({ unit: fc.constantFrom(..."ab()[]{}|*+?.^$\\,-0123:<=!P") });
  fc.assert(
    fc.property(fc.oneof(source, syntax), fc.string(), (pattern, text) => {
      const compiled = compileRegex(pattern);
      if (compiled.ok) assert.equal(typeof compiled.regex.matches(text), "boolean");
      else assert.notEqual(compiled.reason, "");
    }),
    { numRuns: 2000 },
  );
});
