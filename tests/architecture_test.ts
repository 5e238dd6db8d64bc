import assert from "node:assert/strict";
import { join } from "node:path";
import { checkImports, type Violation } from "./architecture/imports.ts";
import { checkLibraries, checkVersions } from "./architecture/libraries.ts";
import { readSource, type Source } from "./architecture/source.ts";
import { checkRecord, checkStyle } from "./architecture/style.ts";
import { listFiles } from "./gate/suites.ts";

const ROOT = join(import.meta.dirname ?? ".", "..");

async function readTree(): Promise<Source[]> {
  const paths = await listFiles(ROOT, (path) => /\.tsx?$/.test(path));
  return await Promise.all(
    paths.map(async (path) => readSource(path, await Deno.readTextFile(join(ROOT, path)))),
  );
}

function assertNone(violations: readonly Violation[]): void {
  const lines = violations.map(({ path, what, why }) => `${path} ${what} (${why})`);
  assert.deepEqual(lines, []);
}

function whatOf(violations: readonly Violation[]): string[] {
  return violations.map(({ path, what }) => `${path} ${what}`);
}

Deno.test("imports point inward only", async () => {
  assertNone((await readTree()).flatMap(checkImports));
});

Deno.test("libraries stay within their folders", async () => {
  assertNone((await readTree()).flatMap(checkLibraries));
});

Deno.test("dependencies are exact versions from npm", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  assertNone(checkVersions(imports));
});

Deno.test("files, functions and banned names keep to the style", async () => {
  assertNone((await readTree()).flatMap(checkStyle));
});

Deno.test("each decision record fits one page", async () => {
  const paths = await listFiles(ROOT, (path) => /^docs\/decisions\/.*\.md$/.test(path));
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(join(ROOT, path))));
  assertNone(paths.flatMap((path, index) => checkRecord(path, texts[index] ?? "")));
});

Deno.test("the import check sees each syntax of a forbidden import", () => {
  const forbidden = "../../backends/smolmachines/vm.ts";
  for (
    const text of [
      `import { boot } from "${forbidden}";`,
      `import type { Vm } from "${forbidden}";`,
      `import { type Vm } from "${forbidden}";`,
      `export * from "${forbidden}";`,
      `export { boot } from "${forbidden}";`,
      `export const boot = () => import("${forbidden}");`,
      `export type Vm = import("${forbidden}").Vm;`,
    ]
  ) {
    const found = checkImports(readSource("backends/docker/launch.ts", text));
    assert.deepEqual(
      whatOf(found),
      ["backends/docker/launch.ts imports backends/smolmachines/vm.ts"],
      text,
    );
  }
});

Deno.test("the import check holds each part of the tree to its row", () => {
  const cases: readonly [from: string, specifier: string, allowed: boolean][] = [
    ["cli.ts", "./host/commands/start.ts", true],
    ["cli.ts", "./backends/docker/backend.ts", false],
    ["host/launch/session.ts", "../../backends/backend.ts", true],
    ["host/launch/session.ts", "../../backends/docker/backend.ts", false],
    ["host/launch/session.ts", "../../providers/claude/mod.ts", false],
    ["host/launch/session.ts", "../registry.ts", true],
    ["host/registry.ts", "../backends/docker/backend.ts", true],
    ["backends/docker/backend.ts", "../../host/registry.ts", false],
    ["backends/docker/backend.ts", "../../providers/provider.ts", false],
    ["backends/docker/backend.ts", "./network.ts", true],
    ["backends/docker/backend.ts", "../../policy/plan.ts", true],
    ["backends/backend.ts", "./docker/backend.ts", false],
    ["backends/backend.ts", "../providers/provider.ts", false],
    ["providers/define.ts", "./provider.ts", true],
    ["providers/claude/mod.ts", "../define.ts", true],
    ["providers/claude/mod.ts", "../provider.ts", true],
    ["providers/claude/mod.ts", "../demo/mod.ts", false],
    ["providers/claude/mod.ts", "../../backends/backend.ts", false],
    ["providers/claude/mod.ts", "@bot-bottle/cli", false],
    ["sidecar/main.ts", "../policy/wire/launch.ts", true],
    ["sidecar/main.ts", "../host/state/folder.ts", false],
    ["policy/plan.ts", "../sidecar/main.ts", false],
    ["mod.ts", "./host/registry.ts", false],
    ["host/commands/start.ts", "../../tests/doubles/engine.ts", false],
    ["host/commands/start_test.ts", "../../tests/doubles/engine.ts", true],
    ["elsewhere/file.ts", "./other.ts", false],
  ];
  for (const [from, specifier, allowed] of cases) {
    const found = checkImports(readSource(from, `import "${specifier}";`));
    assert.equal(found.length === 0, allowed, `${from} -> ${specifier}`);
  }
});

Deno.test("the library check names what stands in the wrong place", () => {
  const cases: readonly [from: string, specifier: string, allowed: boolean][] = [
    ["backends/docker/engine.ts", "dockerode", true],
    ["host/launch/session.ts", "dockerode", false],
    ["policy/plan.ts", "node:fs", false],
    ["host/state/folder.ts", "node:fs", true],
    ["host/state/folder.ts", "npm:left-pad@1.3.0", false],
    ["host/state/folder.ts", "https://example.com/mod.ts", false],
    ["host/state/folder.ts", "left-pad", false],
    ["sidecar/main.ts", "fast-check", false],
    ["policy/slug_test.ts", "fast-check", true],
    ["policy/manifest/schema.ts", "valibot", true],
  ];
  for (const [from, specifier, allowed] of cases) {
    const found = checkLibraries(readSource(from, `import "${specifier}";`));
    assert.equal(found.length === 0, allowed, `${from} -> ${specifier}`);
  }
  const computed = readSource(
    "host/launch/session.ts",
    "export const f = (u: string) => import(u);",
  );
  assert.deepEqual(whatOf(checkLibraries(computed)), [
    "host/launch/session.ts has a computed import",
  ]);
});

Deno.test("the version check refuses ranges, other registries and other names", () => {
  const targets = {
    "yaml": "npm:yaml@2.9.1",
    "range": "npm:range@^1.0.0",
    "tag": "npm:tag@latest",
    "bare": "npm:bare",
    "alias": "npm:other@1.0.0",
    "jsr": "jsr:@std/jsr@1.0.0",
  };
  assert.deepEqual(
    checkVersions(targets).map(({ what }) => what.split(" ")[1]),
    ["range", "tag", "bare", "alias", "jsr"],
  );
});

Deno.test("the style check finds long files, long functions and banned names", () => {
  const long = `export function big(): void {\n${"\n".repeat(90)}}\n${"// line\n".repeat(300)}`;
  assert.deepEqual(whatOf(checkStyle(readSource("host/big.ts", long))), [
    "host/big.ts has 392 lines, more than 350",
    "host/big.ts has a function (big) of 92 lines, more than 80",
  ]);
  const banned = [
    "globalThis.Deno;",
    "Deno.exit(1);",
    "console.log(1);",
    "const { now } = Date;",
    "new Date();",
    "new Date(0);",
    "export const at = (date: Date) => date;",
    "Math.random();",
    "plan.process.console;",
    "// Deno.exit and console.log in words",
    "'Deno.exit'",
  ].join("\n");
  assert.deepEqual(whatOf(checkStyle(readSource("policy/plan.ts", banned))), [
    "policy/plan.ts uses Deno.exit in line 2",
    "policy/plan.ts uses Deno.exit in line 2",
    "policy/plan.ts uses console.log in line 3",
    "policy/plan.ts uses Date in line 4",
    "policy/plan.ts uses new Date() in line 5",
    "policy/plan.ts uses Math.random in line 8",
  ]);
  assert.deepEqual(whatOf(checkStyle(readSource("cli.ts", "Deno.exit(1);"))), []);
  assert.deepEqual(whatOf(checkStyle(readSource("host/a.ts", "Deno.exit(1);"))), [
    "host/a.ts uses Deno.exit in line 1",
  ]);
});

Deno.test("a decision record of two pages is found", () => {
  assert.equal(checkRecord("docs/decisions/0009-x.md", "line\n".repeat(60)).length, 0);
  assert.equal(checkRecord("docs/decisions/0009-x.md", "line\n".repeat(61)).length, 1);
});
