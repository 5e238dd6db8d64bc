import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createScanner,
  ENCODINGS,
  kinds,
  REQUEST,
  SECRET,
  TOKEN,
  utf8,
} from "../../tests/doubles/dlp.ts";
import type { Finding } from "./finding.ts";
import { replaceFindings } from "./surfaces.ts";

const scanner = createScanner();
const replacement = ({ detector }: Finding): Uint8Array => utf8(`[redacted:${detector}]`);

Deno.test("each finding is replaced where it stands, and nothing else changes", () => {
  const bytes = utf8(`a=${TOKEN}&b=${SECRET}&c=3`);
  const redacted = replaceFindings(bytes, scanner.scan(bytes, REQUEST), replacement);
  assert.equal(
    new TextDecoder().decode(redacted),
    "a=[redacted:token_patterns]&b=[redacted:known_secrets]&c=3",
  );
});

Deno.test("what was redacted, in a few rounds at most, holds nothing more", () => {
  const piece = fc.record({
    before: fc.constantFrom("", " ", "text ", "%41", "\\u0041", "x", "=", '","k":"'),
    encode: fc.constantFrom(...Object.values(ENCODINGS)),
    value: fc.constantFrom(TOKEN, SECRET, SECRET.slice(3, 17)),
  });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
      let bytes = Uint8Array.from(pieces.flatMap(({ before, encode, value }) => {
        const written = encode(value);
        return [...utf8(before), ...(typeof written === "string" ? utf8(written) : written)];
      }));
      for (let round = 0; round < 8; round++) {
        const findings = scanner.scan(bytes, REQUEST);
        if (findings.length === 0) return;
        // What has no place is blocked.
        if (findings.some(({ range }) => range === undefined)) return;
        bytes = Uint8Array.from(replaceFindings(bytes, findings, replacement));
      }
      assert.fail(kinds(scanner.scan(bytes, REQUEST)).join());
    }),
    { numRuns: 300 },
  );
});
