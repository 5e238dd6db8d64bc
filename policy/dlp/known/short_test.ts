import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Secret } from "../../secret.ts";
import { createKnownMatcher } from "./matcher.ts";

function found(value: string, text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  return createKnownMatcher(new Map([["EGRESS_TOKEN_0", new Secret(value)]])).find(bytes, 10)
    .map(({ start, end }) => new TextDecoder().decode(bytes.subarray(start, end)));
}

function encodings(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    bytes.toString("base64"),
    Buffer.from(`x${value}`).toString("base64"),
    Buffer.from(`user:${value}`).toString("base64"),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    [...bytes].map((byte) => byte.toString(16)).join(" "),
  ];
}

Deno.test("a value of less than six bytes counts only where it is all of a text", () => {
  for (const value of ["test", "x", "s3cr!", "12345678"]) {
    assert.deepEqual(found(value, value), [value]);
    assert.deepEqual(found(value, `  ${value}\n`), [value]);
    for (const text of [`a ${value} b`, `${value}s`, `{"key":"${value}"}`, ""]) {
      assert.deepEqual(found(value, text), [], text);
    }
  }
});

Deno.test("an empty value and one of blanks is never found", () => {
  for (const value of ["", "  ", "\n"]) {
    for (const text of ["", " ", "a", "a b\n"]) assert.deepEqual(found(value, text), []);
  }
});

Deno.test("a short value is found as it stands and in each encoding, in either case", () => {
  for (const value of ["hunter2", "p@ssw0rd!", "deploy", "!!@@##$$%%", "correct horse", "9f8e7d"]) {
    assert.deepEqual(found(value, `a ${value} b`), [value]);
    assert.deepEqual(found(value, `x${value.toUpperCase()}x`), [value.toUpperCase()]);
    assert.deepEqual(found(value, `x${[...value].toReversed().join("")}x`).length, 1, value);
    for (const text of encodings(value)) {
      assert.equal(found(value, `a ${text} b`).length, 1, `${value} as ${text}`);
    }
  }
});

Deno.test("a short value of letters and digits is found spaced out", () => {
  for (const value of ["hunter2", "9f8e7d6", "s3cr3t-x9", "a1b2c3d4e5f"]) {
    for (const sign of ["-", " ", "\n", "\\n"]) {
      assert.equal(found(value, [...value].join(sign)).length, 1, `${value} with ${sign}`);
    }
  }
});

Deno.test("a short value of letters is not read into the words of a text", () => {
  assert.deepEqual(found("changeme", "Change me before the release"), []);
  assert.deepEqual(found("changeme", "xchangemex"), ["changeme"]);
});

Deno.test("a long value of signs and other scripts is found", () => {
  for (const value of ["\u00e4\u00f6\u00fc\u00df\u20ac\u00e4\u00f6\u00fc", "$%&/()=?$%&/()=?"]) {
    assert.deepEqual(found(value, `a ${value} b`), [value]);
    assert.equal(found(value, Buffer.from(value).toString("base64")).length, 1);
    assert.equal(found(value, Buffer.from(value).toString("hex")).length, 1);
  }
});
