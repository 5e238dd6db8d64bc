import assert from "node:assert/strict";
import { insertAfterFrom, trustFiles } from "./dockerfile.ts";

Deno.test("lines follow each FROM, and nothing that only looks like one", () => {
  const text =
    "from a AS b\nRUN x \\\n  from y \\\n# FROM z\n  z\nFROM \\\n  c\nRUN <<END\nFROM d\nEND\n";
  assert.equal(
    insertAfterFrom(text, ["X"]),
    "from a AS b\nX\nRUN x \\\n  from y \\\n# FROM z\n  z\nFROM \\\n  c\nX\nRUN <<END\nFROM d\nEND\n",
  );
});

Deno.test("nothing to insert leaves the text as it is", () => {
  assert.equal(insertAfterFrom("FROM a", []), "FROM a");
});

Deno.test("each certificate of a bundle is a file of its own besides the bundle", () => {
  const one = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n";
  const paths = [...trustFiles(one + one).keys()].filter((path) => path.endsWith(".crt"));
  assert.equal(paths.length, 2);
});
