import assert from "node:assert/strict";
import { join } from "node:path";
import { ProviderError } from "./error.ts";
import { listProviders, loadProvider } from "./load.ts";

const GOOD = `
import { defineProvider } from "@bot-bottle/cli";
export default defineProvider({
  name: "painter",
  description: "A painter",
  provision: () => ({ argv: ["paint"] }),
});
`;

/** A home whose `contrib` holds the given files, by their paths below it. */
async function withPlugins(
  files: Readonly<Record<string, string>>,
  use: (home: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(home, "contrib", path);
      await Deno.mkdir(join(file, ".."), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    await use(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function failure(name: string, home: string): Promise<ProviderError> {
  try {
    await loadProvider(name, { home });
  } catch (error) {
    assert.ok(error instanceof ProviderError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

Deno.test("the built-in providers pass the door that plugins pass", async () => {
  for (const name of ["claude", "demo"]) {
    const provider = await loadProvider(name, { home: "/nowhere" });
    assert.equal(provider.name, name);
    assert.match(provider.dockerfile, /^FROM /);
    assert.equal(provider.contextPath, undefined);
    const parsed = provider.parseSettings({});
    assert.ok(parsed.ok);
    const { argv } = provider.provision({
      settings: parsed.value,
      authTokenEnv: "TOKEN",
      forwardHostCredentials: false,
      workdir: "/home/node/workspace",
      prompt: "Be brief.",
      label: "bot",
      color: "red",
      headlessPrompt: "go",
      resume: false,
      remoteControl: false,
    });
    assert.ok(argv.length > 0);
  }
});

Deno.test("a plugin imports its helpers from this program and gets the Dockerfile beside it", async () => {
  const files = { "painter/mod.ts": GOOD, "painter/Dockerfile": "FROM debian\n" };
  await withPlugins(files, async (home) => {
    const provider = await loadProvider("painter", { home });
    assert.equal(provider.dockerfile, "FROM debian\n");
    assert.equal(provider.contextPath, join(home, "contrib", "painter"));
    assert.equal(provider.source, join(home, "contrib", "painter", "mod.ts"));
  });
});

Deno.test("a plugin with a built-in's name is refused instead of one hiding the other", async () => {
  const files = {
    "claude/mod.ts": GOOD.replace("painter", "claude"),
    "claude/Dockerfile": "FROM x",
  };
  await withPlugins(files, async (home) => {
    const error = await failure("claude", home);
    assert.match(error.message, /has a built-in's name$/);
    assert.match(error.hint ?? "", /rename/);
    assert.deepEqual(await listProviders(home), ["claude", "demo"]);
    assert.equal((await loadProvider("demo", { home })).name, "demo");
  });
});

Deno.test("a provider that is none is told with those there are and the nearest", async () => {
  const files = { "painter/mod.ts": GOOD, "README.md": "", "Not A Name/mod.ts": GOOD };
  await withPlugins(files, async (home) => {
    const error = await failure("paintre", home);
    assert.equal(error.message, 'Cannot use provider "paintre": there is no such provider');
    assert.match(error.hint ?? "", /^did you mean painter\? Known are claude, demo, painter;/);
    assert.match((await failure("cloude", home)).hint ?? "", /did you mean claude\?/);
  });
  assert.match((await failure("zzzzzz", "/nowhere")).hint ?? "", /^Known are claude, demo;/);
});

Deno.test("names that lead out of the plugins' folder are none", async () => {
  await withPlugins({ "painter/mod.ts": GOOD, "x/y.ts": "" }, async (home) => {
    for (const name of ["../painter", "painter/../painter", ".", "", "Painter", "__proto__"]) {
      assert.match((await failure(name, home)).message, /there is no such provider$/);
    }
  });
});

Deno.test("a folder without mod.ts is no provider", async () => {
  await withPlugins({ "painter/Dockerfile": "FROM debian\n" }, async (home) => {
    const error = await failure("painter", home);
    assert.match(error.message, /there is no such provider$/);
    assert.ok(error.source.endsWith("/contrib/painter/mod.ts"));
  });
});

Deno.test("each way in which a plugin can be broken names its file", async () => {
  const cases: [string, RegExp][] = [
    ["export default {{", /^Cannot load .*painter\/mod\.ts: /],
    ["throw new Error('out of paint')", /painter\/mod\.ts: out of paint$/],
    ["throw 3", /painter\/mod\.ts: 3$/],
    ["import './missing.ts'", /^Cannot load .*painter\/mod\.ts: /],
    ["import 'no-such-package'", /^Cannot load .*painter\/mod\.ts: .*no-such-package/],
    ["export const provider = 3", /it has no default export$/],
    ["export default 3", /default export: must be Object$/],
    ["export default { name: 'painter' }", /description: is missing; user: is missing/],
    [GOOD.replace('"painter"', '"sculptor"'), /its name is sculptor/],
  ];
  for (const [text, words] of cases) {
    const files = { "painter/mod.ts": text, "painter/Dockerfile": "FROM debian\n" };
    await withPlugins(files, async (home) => {
      const error = await failure("painter", home);
      assert.match(error.message, words);
      assert.ok(error.message.includes(join(home, "contrib", "painter", "mod.ts")));
      assert.ok(error.hint);
    });
  }
});

Deno.test("a plugin without an image says where one would go", async () => {
  await withPlugins({ "painter/mod.ts": GOOD }, async (home) => {
    const error = await failure("painter", home);
    assert.equal(error.member, "dockerfile");
    assert.match(error.hint ?? "", /put a Dockerfile beside it/);
  });
});
