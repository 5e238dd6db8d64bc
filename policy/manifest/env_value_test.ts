import assert from "node:assert/strict";
import { parseEnvValue } from "./env_value.ts";

Deno.test("a value is a literal, a question or a variable of the host", () => {
  assert.deepEqual(parseEnvValue("vi"), { ok: true, value: { kind: "literal", value: "vi" } });
  assert.deepEqual(parseEnvValue(""), { ok: true, value: { kind: "literal", value: "" } });
  assert.deepEqual(parseEnvValue("$HOME"), {
    ok: true,
    value: { kind: "literal", value: "$HOME" },
  });
  assert.deepEqual(parseEnvValue("a\nb"), {
    ok: true,
    value: { kind: "literal", value: "a\nb" },
  });
  assert.deepEqual(parseEnvValue("? Enter the PIN "), {
    ok: true,
    value: { kind: "prompt", question: "Enter the PIN" },
  });
  assert.deepEqual(parseEnvValue("${HOST_URL}"), {
    ok: true,
    value: { kind: "host", variable: "HOST_URL" },
  });
});

Deno.test("what an author would wrongly expect to be filled in is refused", () => {
  for (const text of ["https://${HOST}/x", "${A}${B}", "${A} ", "${}", "${1A}", "${a-b}", "${A"]) {
    assert.equal(parseEnvValue(text).ok, false, text);
  }
});

Deno.test("a question without words and a NUL are refused", () => {
  assert.equal(parseEnvValue("?").ok, false);
  assert.equal(parseEnvValue("?  ").ok, false);
  assert.equal(parseEnvValue("a\0b").ok, false);
});
