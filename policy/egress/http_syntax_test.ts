import assert from "node:assert/strict";
import { isFieldValue, isToken } from "./http_syntax.ts";

Deno.test("a token has only the characters that a method or field name may have", () => {
  for (const text of ["GET", "x-api-key", "!#$%&'*+-.^_`|~09aZ"]) assert.ok(isToken(text), text);
  const refused = [
    "",
    " ",
    "GET ",
    "G ET",
    "a:b",
    ":authority",
    "a\r\nb",
    "a\0",
    "\u00e4",
    "a\x7f",
  ];
  for (const text of [...refused, "(", ")", "[", '"', "a".repeat(257)]) {
    assert.equal(isToken(text), false, JSON.stringify(text));
  }
});

Deno.test("a field value is one line of bytes", () => {
  for (const text of ["", "a b\tc", "\u00e4\u00ff", "~"]) assert.ok(isFieldValue(text));
  for (
    const text of ["a\rb", "a\nb", "a\r\n b", "a\0b", "\x01", "\x1f", "\x7f", "\u0100", "\u2028"]
  ) {
    assert.equal(isFieldValue(text), false, JSON.stringify(text));
  }
});
