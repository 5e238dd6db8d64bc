import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname ?? ".", "..");

/** The check of the policy core's types, as the gate runs it. */
async function check(root: string): Promise<{ readonly ok: boolean; readonly output: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", "policy/check.json", "policy"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { ok: success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Runs the check on a core that has nothing but the given source. */
async function checkSource(source: string): Promise<{ ok: boolean; output: string }> {
  const root = await mkdtemp(join(tmpdir(), "bot-bottle-purity-"));
  try {
    for (const path of ["deno.json", "policy/check.json", "policy/ambient.d.ts"]) {
      await cp(join(ROOT, path), join(root, path), { recursive: true });
    }
    await writeFile(join(root, "policy", "source.ts"), source);
    return await check(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

Deno.test("the policy core type-checks without Deno, Node and the web's I/O", async () => {
  const { ok, output } = await check(ROOT);
  assert.ok(ok, output);
});

Deno.test("pure text functions are all that the policy core has besides the language", async () => {
  const { ok, output } = await checkSource(`
export const pure: readonly unknown[] = [
  new URL("https://a.example").hostname,
  new TextDecoder().decode(new TextEncoder().encode("a")),
  atob(btoa("a")),
  new Map(), JSON, Math, Symbol, Promise,
];
`);
  assert.ok(ok, output);
});

Deno.test("every global with I/O, a clock or randomness is an error in the policy core", async () => {
  const globals = [
    "Deno",
    "process",
    "Buffer",
    "console",
    "fetch",
    "crypto",
    "performance",
    "setTimeout",
    "setInterval",
    "queueMicrotask",
    "structuredClone",
    "localStorage",
    "navigator",
    "location",
    "Request",
    "Response",
    "WebSocket",
    "Worker",
    "AbortController",
    "ReadableStream",
    "globalThis.fetch",
    "globalThis.Deno",
    "window",
    "self",
  ];
  const source = globals.map((name, n) => `export const g${n}: unknown = ${name};`).join("\n");
  const { ok, output } = await checkSource(source);
  assert.equal(ok, false);
  const lines = [...output.matchAll(/source\.ts:(\d+):/g)].map(([, line]) => Number(line));
  const missed = globals.filter((_, index) => !lines.includes(index + 1));
  assert.deepEqual(missed, [], output);
});
