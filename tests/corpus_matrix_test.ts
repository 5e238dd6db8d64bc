import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mark, replaceFindings } from "../policy/dlp/surfaces.ts";
import { ENCODINGS } from "./corpora/encodings.ts";
import { corpusScanner, KNOWN_ONLY, samples } from "./corpora/matrix.ts";
import { corpusSecrets } from "./corpora/secrets.ts";
import { carry } from "./corpora/surfaces.ts";
import { type CorpusTable, measureCorpus, PAGES, tableIn, toMarkdown } from "./corpora/table.ts";

let measured: CorpusTable | undefined;

/** Measured once for all tests of this file. */
function corpus(): CorpusTable {
  return measured ??= measureCorpus();
}

Deno.test("every promised encoding is seen on every surface, whole", () => {
  const table = corpus();
  const whole = table.columns.slice(0, 7);
  assert.deepEqual(whole.at(-1), "WebSocket");
  const missed = ENCODINGS.filter(({ isPromised }) => isPromised).flatMap((encoding) =>
    whole.flatMap((column) => {
      const { caught, sent } = table.count(encoding, column);
      return caught === sent ? [] : [`${encoding.name} in ${column}: ${caught} of ${sent}`];
    })
  );
  assert.deepEqual(missed, []);
});

Deno.test("a secret as it is is seen in pieces of any size", () => {
  const table = corpus();
  const [plain] = ENCODINGS;
  assert.ok(plain);
  for (const column of table.columns.filter((name) => /\d$/.test(name))) {
    const { caught, sent } = table.count(plain, column);
    assert.ok(sent > 200);
    assert.equal(caught, sent, column);
  }
});

Deno.test("the tables in the documents are what the scan does", async () => {
  for (const line of toMarkdown(corpus().rows()).split("\n")) console.log(line);
  for (const [path, rows] of PAGES) {
    const made = tableIn(await Deno.readTextFile(new URL(`../${path}`, import.meta.url)));
    const unescaped = made.map((row) => row.map((cell) => cell.replaceAll("\\\\", "\\")));
    assert.deepEqual(unescaped, rows(corpus()), `${path}: run \`deno task corpora\``);
  }
});

Deno.test("a body is stopped wherever it is cut in two, and no whole secret is released", () => {
  const scanner = corpusScanner();
  const shown = new TextDecoder("latin1");
  const detectors = ["known_secrets"] as const;
  for (const encoding of ENCODINGS.filter(({ isPromised }) => isPromised)) {
    const [, value = ""] = Object.entries(corpusSecrets())[1] ?? [];
    for (const form of encoding.forms(value)) {
      const raw = Buffer.from(form, "utf8").toString("latin1");
      const body = Buffer.from(carry("multipart", form) ?? "", "latin1");
      for (let cut = 0; cut <= body.length; cut++) {
        const stream = scanner.stream({ detectors, isSafe: () => false });
        const steps = [
          () => stream.push(body.subarray(0, cut)),
          () => stream.pause(),
          () => stream.push(body.subarray(cut)),
          () => stream.end(),
        ];
        let released = "";
        const stopped = steps.some((step) => {
          const result = step();
          if (result.ok) released += result.release.map((part) => shown.decode(part)).join("");
          return !result.ok;
        });
        assert.ok(stopped, `${encoding.name} cut at ${cut}`);
        assert.ok(!released.includes(raw), `${encoding.name} cut at ${cut}`);
      }
    }
  }
});

Deno.test("what is redacted holds the secret in no way any more, or is refused", () => {
  const scanner = corpusScanner();
  const counts = { rewritten: 0, refused: 0 };
  for (const { encoding, surface, split, carried, written } of samples()) {
    const isBody = surface === "JSON" || surface === "form" || surface === "multipart";
    if (!isBody || !encoding.isPromised) continue;
    let bytes: Uint8Array = Buffer.from(carried, "latin1");
    let findings = scanner.scan(bytes, KNOWN_ONLY);
    if (findings.length === 0) continue;
    const canRewrite = (): boolean => findings.every(({ range }) => range !== undefined);
    for (let round = 0; round < 8 && findings.length > 0 && canRewrite(); round++) {
      bytes = replaceFindings(bytes, findings, (one) => new TextEncoder().encode(mark(one)));
      findings = scanner.scan(bytes, KNOWN_ONLY);
    }
    if (findings.length > 0) {
      counts.refused++;
      continue;
    }
    counts.rewritten++;
    const text = Buffer.from(bytes).toString("latin1");
    assert.match(text, /\[redacted:known_secrets\]/);
    const raw = Buffer.from(written, "utf8").toString("latin1");
    assert.ok(!text.includes(raw), `${encoding.name}, ${surface}, pieces of ${split}: ${text}`);
  }
  console.log(
    `| redaction of bodies | ${counts.rewritten} rewritten | ${counts.refused} refused |`,
  );
  assert.ok(counts.rewritten > 5_000);
});
