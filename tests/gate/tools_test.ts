import assert from "node:assert/strict";
import { join } from "node:path";
import { listFiles } from "./suites.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");

/** Part of every Debian system: packages that are marked as essential. */
const ESSENTIAL = new Set(["bash", "cat", "mkfifo", "sh", "sleep"]);

/** What install.sh itself starts from. */
const PRESUMED = new Set(["node", "npm"]);

Deno.test("install.sh --test installs every program that tests start by name", async () => {
  const files = await listFiles(
    ROOT,
    (path) => path.endsWith("_test.ts") || /^tests\/.*\.ts$/.test(path),
  );
  const texts = await Promise.all(files.map((path) => Deno.readTextFile(join(ROOT, path))));
  const started = texts.flatMap((text) =>
    [...text.matchAll(/new Deno\.Command\(\s*"([^"]+)"/g)].map(([, name = ""]) => name)
  );
  const script = await Deno.readTextFile(join(ROOT, "install.sh"));
  const installed = [...script.matchAll(/([a-z0-9]+):[a-z0-9.-]+(?=[ ;])/g)].map(([, name]) =>
    name
  );
  const missing = [...new Set(started)].filter((name) =>
    !ESSENTIAL.has(name) && !PRESUMED.has(name) && !installed.includes(name)
  );
  assert.deepEqual(missing, []);
  assert.ok(started.length > 0);
});
