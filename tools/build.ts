/**
 * What can be handed out: checks the package as it would be published, bundles the program into
 * one file and tries it, and compiles a binary where the compiler's runtime can be downloaded.
 */
import { join } from "node:path";
import process from "node:process";

const ROOT = join(import.meta.dirname ?? ".", "..");
const DIST = join(ROOT, "dist");

/** As in the `bot-bottle` script. */
const PERMISSIONS = ["read", "write", "env", "net", "run", "sys"].map((name) => `--allow-${name}`);

const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function deno(...args: string[]): Promise<{ success: boolean; output: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, output: decode(stdout) + decode(stderr) };
}

/** Runs one part; resolves with whether it succeeded, after saying so. */
async function part(name: string, ...args: string[]): Promise<boolean> {
  const { success, output } = await deno(...args);
  write(`${success ? "ok" : "FAILED"} ${name}`);
  if (!success) write(output.trimEnd());
  return success;
}

/** Texts that are imported by a computed name, which the compiler cannot see. */
async function includes(): Promise<string[]> {
  const paths: string[] = JSON.parse(
    await Deno.readTextFile(join(ROOT, "host", "sidecar_sources.json")),
  );
  return paths.map((path) => `--include=${path}`);
}

/** Resolves with false when compiling failed for another reason than the missing download. */
async function compile(): Promise<boolean> {
  const binary = join(DIST, "bot-bottle");
  const args = ["compile", ...PERMISSIONS, "--frozen", ...await includes(), "--output", binary];
  const { success, output } = await deno(...args, "cli.ts");
  if (!success && /denort|dl\.deno\.land/i.test(output)) {
    write("skipped: compiled binary: the compiler's runtime cannot be downloaded here");
    return true;
  }
  write(`${success ? "ok" : "FAILED"} compiled binary`);
  if (!success) write(output.trimEnd());
  return success;
}

/**
 * Bundles the program and tries it. Native add-ons, which ssh2 can do without, stay out; its
 * WebAssembly looks for a folder that only CommonJS modules know.
 */
async function bundle(): Promise<boolean> {
  const file = join(DIST, "bot-bottle.js");
  const args = ["bundle", "--quiet", "--external", "*.node", "--output", file, "cli.ts"];
  if (!await part("bundle", ...args)) return false;
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, `globalThis.__dirname = import.meta.dirname;\n${text}`);
  return await part("bundle runs", "run", ...PERMISSIONS, "--no-config", file, "--version");
}

async function main(): Promise<void> {
  await Deno.mkdir(DIST, { recursive: true });
  const results = [
    await part("package", "publish", "--dry-run", "--allow-dirty"),
    await bundle(),
    await compile(),
  ];
  Deno.exitCode = results.every(Boolean) ? 0 : 1;
}

if (import.meta.main) void main();
