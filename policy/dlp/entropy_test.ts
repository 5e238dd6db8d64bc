import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../tests/doubles/dlp.ts";
import { findRandomText } from "./entropy.ts";

const RANDOM = ["fK3x9QzL7vB2", "nM8wR4tY6uJ1", "hG5dS0aPcXeV"].join("");

function found(text: string): string[] {
  return findRandomText(utf8(text), 10).map(({ start, end }) => text.slice(start, end));
}

Deno.test("text that looks random is found where it stands", () => {
  assert.deepEqual(found(`{"key":"${RANDOM}"}`), [RANDOM]);
  assert.deepEqual(found(`${RANDOM} and ${RANDOM}`), [RANDOM, RANDOM]);
});

Deno.test("what calls itself a checksum is found all the same", () => {
  for (const name of ["sha512-", "sha256:", "md5=", "sha1-"]) {
    assert.equal(found(`"integrity": "${name}${RANDOM}=="`).length, 1, name);
  }
});

Deno.test("what people and programs write is not random", () => {
  for (
    const text of [
      "123e4567-e89b-12d3-a456-426614174000",
      "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 fixes it",
      "9FCEB02D0AE598E95DC970B74767F19372D61AF89FCEB02D0AE598E95DC970B74767F19372D61AF8",
      "https://example.com/src/components/UserProfileSettings/AccountPreferencesPanel.tsx",
      "getElementsByClassNameAndAttributeValueOrDefaultThenReturnFirst",
      "SOME_VERY_LONG_CONSTANT_NAME_IN_CAPITALS_2024_01_02_WITH_DIGITS",
      "2024-01-02T03-04-05Z-2024-01-02T03-04-05Z-2024-01-02T03-04-05Z",
      "node_modules/.pnpm/@babel+plugin-transform-runtime@7.24.3/node_modules",
      "a".repeat(100),
      "aB1".repeat(30),
    ]
  ) {
    assert.deepEqual(found(text), [], text);
  }
});

Deno.test("a text of which a part looks random looks random", () => {
  fc.assert(fc.property(
    fc.stringMatching(/^[A-Za-z0-9+\/]{0,60}$/),
    fc.stringMatching(/^[A-Za-z0-9+\/]{0,60}$/),
    (text, more) => {
      if (found(text).length > 0) assert.notDeepEqual(found(text + more), []);
    },
  ));
});

Deno.test("most random keys of forty characters look random", () => {
  const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  let state = 7;
  const next = (): string => {
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    return characters[(state >>> 16) % characters.length] ?? "";
  };
  const keys = Array.from({ length: 500 }, () => Array.from({ length: 40 }, next).join(""));
  const share = keys.filter((key) => found(key).length > 0).length / keys.length;
  assert.ok(share > 0.97, String(share));
});
