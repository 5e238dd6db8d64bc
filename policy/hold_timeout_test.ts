import assert from "node:assert/strict";
import { holdTimeout } from "./hold_timeout.ts";

Deno.test("a positive number of seconds is taken, and nothing said means 300", () => {
  for (const text of ["1", "0.5", " 90 ", "86400"]) {
    assert.deepEqual(holdTimeout(text), { seconds: Number(text) });
  }
  for (const text of [undefined, "", "  "]) assert.deepEqual(holdTimeout(text), { seconds: 300 });
});

Deno.test("what is no positive number falls back with a warning", () => {
  for (const text of ["soon", "0", "-1", "NaN", "Infinity", "5 minutes", "0x"]) {
    const { seconds, warning } = holdTimeout(text);
    assert.equal(seconds, 300, text);
    assert.match(warning ?? "", /EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS/);
  }
});

Deno.test("no timer takes more than a day", () => {
  const { seconds, warning } = holdTimeout("1e12");
  assert.equal(seconds, 86_400);
  assert.match(warning ?? "", /86400/);
});
