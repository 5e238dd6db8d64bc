import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Attempt, attempt, byEncoding, bySurface } from "./corpora/attempts.ts";
import { corpusScanner, KNOWN_ONLY } from "./corpora/matrix.ts";
import { corpusSecrets } from "./corpora/secrets.ts";
import type { Surface } from "./corpora/surfaces.ts";
import { type CorpusArena, startCorpusArena } from "./corpora/upstream.ts";

const scanner = corpusScanner();

/** What the upstreams were sent holds the secret in no way that the scan knows. */
function assertNothingLeft({ arrived }: CorpusArena, what: string): void {
  const text = arrived();
  for (const value of Object.values(corpusSecrets())) {
    assert.ok(!text.includes(value.slice(0, 14)), `${what}: ${text.slice(-400)}`);
  }
  const found = scanner.scan(Buffer.from(text, "latin1"), KNOWN_ONLY);
  assert.deepEqual(found.map(({ kind, writtenAs }) => [what, kind, ...writtenAs]), []);
}

function describe({ encoding, surface, split, channel }: Attempt): string {
  return `${encoding.name}, ${
    split === 0 ? "whole" : `pieces of ${split}`
  }, ${surface}, ${channel}`;
}

/** Makes every attempt; gives how many came to each end. */
async function makeAll(
  arena: CorpusArena,
  attempts: readonly Attempt[],
  mayArrive: (one: Attempt) => boolean,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const wrong: string[] = [];
  for (const one of attempts) {
    arena.forget();
    const { outcome, answer } = await attempt(arena, one);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    assertNothingLeft(arena, describe(one));
    const expected = mayArrive(one) ? "arrived" : "refused";
    if (outcome !== expected) wrong.push(`${describe(one)}: ${outcome}, ${answer.slice(0, 300)}`);
    if (outcome === expected && outcome === "arrived") {
      assert.match(arena.arrived(), /redacted:known_secrets/, describe(one));
    }
    if (outcome === "refused" && !one.surface.startsWith("WebSocket")) {
      assert.match(answer, /secret_found/, describe(one));
      assert.equal(arena.whole(), 0, describe(one));
    }
  }
  assert.deepEqual(wrong, []);
  return counts;
}

const never = (): boolean => false;

Deno.test("block: no secret leaves on any surface, and the client is told", async () => {
  await using arena = await startCorpusArena("block");
  const counts = await makeAll(arena, bySurface(), never);
  assert.ok((counts["refused"] ?? 0) >= 50);
});

Deno.test("supervise: what nobody can be asked about does not leave", async () => {
  await using arena = await startCorpusArena("supervise");
  const counts = await makeAll(arena, bySurface(), never);
  assert.ok((counts["refused"] ?? 0) >= 50);
});

/** Where a value cannot be replaced with the request staying what it is. */
const NOT_REWRITTEN: readonly Surface[] = [
  ...["host", "header name", "gzip", "br", "zstd", "WebSocket binary"] as const,
];

Deno.test("redact: the secret is replaced where it can be, and the request refused elsewhere", async () => {
  await using arena = await startCorpusArena("redact");
  const mayArrive = ({ surface }: Attempt): boolean => !NOT_REWRITTEN.includes(surface);
  const counts = await makeAll(arena, bySurface(), mayArrive);
  assert.ok((counts["arrived"] ?? 0) >= 25);
  assert.ok((counts["refused"] ?? 0) >= 15);
});

Deno.test("block: every promised encoding and pieces of every size, on every surface", async () => {
  await using arena = await startCorpusArena("block");
  const counts = await makeAll(arena, byEncoding(), never);
  assert.ok((counts["refused"] ?? 0) >= 280);
});
