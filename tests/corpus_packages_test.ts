import assert from "node:assert/strict";
import { createInjectionScan } from "../policy/dlp/inbound/injection.ts";
import { alarmsIn, scannerFor } from "./agents/findings.ts";
import { packageFiles } from "./corpora/package_files.ts";
import { corpusSecrets } from "./corpora/secrets.ts";

Deno.test("documents and sources of well-known packages raise no alarm in either direction", async () => {
  const scanner = scannerFor(corpusSecrets());
  const alarms: string[] = [];
  const blocks: string[] = [];
  const warnings = new Map<string, number>();
  let [files, bytes, warned] = [0, 0, 0];
  for await (const file of packageFiles()) {
    files++;
    bytes += file.bytes.length;
    alarms.push(...alarmsIn(scanner, file.bytes).map((alarm) => `${file.path}: ${alarm}`));
    const scan = createInjectionScan();
    scan.push(file.bytes);
    const { level, phrases } = scan.end();
    if (level === "block") blocks.push(`${file.path}: ${phrases.join(", ")}`);
    if (level === "warn") warned++;
    for (const phrase of phrases) warnings.set(phrase, (warnings.get(phrase) ?? 0) + 1);
  }
  console.log("| files | MB | findings | injection blocks | injection warnings |");
  console.log(
    `| ${files} | ${Math.round(bytes / 1e6)} | ${alarms.length} | ${blocks.length} | ${warned} |`,
  );
  for (const [phrase, count] of warnings) console.log(`| warned of ${phrase} | ${count} |`);
  assert.ok(files > 30_000 && bytes > 300_000_000, `${files} files`);
  assert.deepEqual(alarms, []);
  assert.deepEqual(blocks, []);
});
