import assert from "node:assert/strict";
import { join } from "node:path";
import { copyPlugin, packageMeansThisProgram, withOwnImports } from "./plugin_copy.ts";

Deno.test("the package's name means this program when it runs with its own import map", () => {
  assert.equal(packageMeansThisProgram(), true);
});

Deno.test("imports of the package become imports of this program, and nothing else changes", () => {
  const text = `import { a } from "@bot-bottle/cli";
import type { B } from '@bot-bottle/cli';
export { c } from"@bot-bottle/cli";
import "@bot-bottle/cli";
const d = await import("@bot-bottle/cli");
import { e } from "@bot-bottle/client";
const words = "@bot-bottle/cli";
`;
  const address = "https://example.com/mod.ts";
  assert.equal(
    withOwnImports(text, address),
    `import { a } from "${address}";
import type { B } from "${address}";
export { c } from"${address}";
import "${address}";
const d = await import("${address}");
import { e } from "@bot-bottle/client";
const words = "@bot-bottle/cli";
`,
  );
});

Deno.test("a copied plugin has its folders and files, but no links and no history", async () => {
  const parent = await Deno.makeTempDir();
  const [folder, copy] = [join(parent, "a"), join(parent, "b")];
  try {
    await Deno.mkdir(join(folder, "parts"), { recursive: true });
    await Deno.mkdir(join(folder, ".git"));
    await Deno.writeTextFile(join(folder, "mod.ts"), 'export * from "./parts/one.ts";');
    await Deno.writeTextFile(join(folder, "parts", "one.ts"), 'import "@bot-bottle/cli";');
    await Deno.writeTextFile(join(folder, "parts", "notes.md"), 'import "@bot-bottle/cli";');
    await Deno.symlink("/etc/passwd", join(folder, "link"));
    await copyPlugin(folder, copy);
    const names = (await Array.fromAsync(Deno.readDir(copy))).map(({ name }) => name).sort();
    assert.deepEqual(names, ["mod.ts", "parts"]);
    assert.match(
      await Deno.readTextFile(join(copy, "parts", "one.ts")),
      /^import "file:.*mod\.ts"/,
    );
    assert.match(await Deno.readTextFile(join(copy, "parts", "notes.md")), /@bot-bottle/);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});
