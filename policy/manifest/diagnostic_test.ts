import assert from "node:assert/strict";
import { formatDiagnostic, keyPathText, ManifestError } from "./diagnostic.ts";

const PLACE = { file: "bottles/dev.md", line: 3, column: 5, keyPath: "egress.routes[0].host" };

Deno.test("a diagnostic is written with its place, key path and hint", () => {
  assert.equal(
    formatDiagnostic({ ...PLACE, message: "is empty", hint: "give it a value" }),
    "bottles/dev.md:3:5: egress.routes[0].host: is empty\n  hint: give it a value",
  );
});

Deno.test("a diagnostic about a whole file has no line, key path or hint line", () => {
  const whole = { file: "dev.md", line: 0, column: 0, keyPath: "", message: "is too large" };
  assert.equal(formatDiagnostic({ ...whole, hint: "" }), "dev.md: is too large");
});

Deno.test("nothing in a diagnostic can drive a terminal or hide text", () => {
  const text = formatDiagnostic({
    ...PLACE,
    file: "a\x1b[2J\u202e.md",
    message: "x\u009b1m\n",
    hint: "\u200b",
  });
  assert.doesNotMatch(text.replace("\n  hint", ""), /[\p{Cc}\p{Cf}]/u);
});

Deno.test("key paths are written as people write them, odd keys quoted and bounded", () => {
  assert.equal(keyPathText([]), "");
  assert.equal(keyPathText(["egress", "routes", 0, "host"]), "egress.routes[0].host");
  assert.equal(keyPathText(["env", "a b"]), 'env["a b"]');
  assert.equal(keyPathText([3, "x"]), "[3].x");
  assert.ok(keyPathText(["x".repeat(10_000)]).length < 100);
});

Deno.test("a key that looks like a credential is not repeated", () => {
  const token = ["ghp", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].join("_");
  assert.equal(keyPathText(["auth", token]), "auth.[hidden]");
});

Deno.test("the error counts problems and names each file once", () => {
  const problem = { ...PLACE, message: "is empty", hint: "" };
  const error = new ManifestError([problem, problem, { ...problem, file: "b.md" }]);
  assert.equal(error.message, "Cannot use the manifest: 3 problems in bottles/dev.md, b.md");
  assert.ok(Object.isFrozen(error.diagnostics));
});

Deno.test("the error carries a bounded number of problems", () => {
  const problem = { ...PLACE, message: "is empty", hint: "" };
  assert.equal(new ManifestError(Array(5000).fill(problem)).diagnostics.length, 100);
});
