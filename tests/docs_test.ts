import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { parseAgent } from "../policy/manifest/agent.ts";
import { parseBottle } from "../policy/manifest/bottle.ts";
import { formatDiagnostic, ManifestError } from "../policy/manifest/diagnostic.ts";
import { complaintAbout, words } from "./docs/commands.ts";
import {
  anchorsOf,
  type Block,
  blocksOf,
  linksOf,
  type Reference,
  testPathsOf,
} from "./docs/markdown.ts";
import { listFiles } from "./gate/suites.ts";

const ROOT = join(import.meta.dirname ?? ".", "..");

/** Manifests are Markdown, too, and have a test of their own. */
const DOCUMENTS = /^(?:[A-Z]+\.md|docs\/.*\.md|examples\/(?:.*\/)?README\.md)$/;

async function documents(): Promise<[file: string, text: string][]> {
  const files = await listFiles(ROOT, (path) => DOCUMENTS.test(path));
  return await Promise.all(
    files.map(async (file): Promise<[string, string]> => [
      file,
      await Deno.readTextFile(join(ROOT, file)),
    ]),
  );
}

async function blocks(...tags: string[]): Promise<Block[]> {
  const all = (await documents()).flatMap(([file, text]) => blocksOf(file, text));
  return tags.length === 0 ? all : all.filter(({ tag }) => tags.includes(tag));
}

const asFrontmatter = (text: string): string => `---\n${text}---\n`;

/** How the blocks of each tag are checked; throws what is wrong. */
const CHECKS: Readonly<Record<string, (block: Block) => void | Promise<void>>> = {
  "text": () => {},
  "yaml bottle": (block) => readManifest("bottle", asFrontmatter(block.text)),
  "yaml agent": (block) => readManifest("agent", asFrontmatter(block.text)),
  "md bottle": (block) => readManifest("bottle", block.text),
  "md agent": (block) => readManifest("agent", block.text),
  "sh shown": checkShown,
  "sh run": runLines,
  "sh install": (block) => checkInstall(block, []),
  "sh test": (block) => checkInstall(block, ["--test"]),
  "ts": checkTypes,
};

function readManifest(kind: "bottle" | "agent", text: string): void {
  const source = { name: "example", file: "example.md" };
  const bytes = new TextEncoder().encode(text);
  try {
    if (kind === "bottle") parseBottle(source, bytes);
    else parseAgent(source, bytes);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new Error(error.diagnostics.map(formatDiagnostic).join("\n"), { cause: error });
  }
}

async function checkShown(block: Block): Promise<void> {
  for (const line of block.text.split("\n")) {
    const [program, ...args] = words(line);
    if (program !== "bot-bottle") continue;
    const complaint = await complaintAbout(args);
    assert.equal(complaint, undefined, `${line}: ${complaint}`);
  }
}

/** The one command of such a block is what CI runs (`.ci/run`) or what it ends with (the demo). */
function checkInstall(block: Block, args: readonly string[]): void {
  assert.deepEqual(words(block.text.trim()), ["./install.sh", ...args]);
}

async function runLines(block: Block): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bot-bottle-docs-" });
  try {
    const bin = join(folder, "bin");
    await Deno.mkdir(bin);
    await Deno.symlink(Deno.execPath(), join(bin, "deno"));
    await Deno.symlink(join(ROOT, "bot-bottle"), join(bin, "bot-bottle"));
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-euc", block.text],
      cwd: folder,
      env: {
        HOME: folder,
        PATH: `${bin}:${Deno.env.get("PATH")}`,
        DENO_DIR: await denoDir(),
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where this runtime keeps its libraries, which an empty home would hide. */
async function denoDir(): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], cwd: ROOT });
  const { stdout } = await command.output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

async function checkTypes(block: Block): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bot-bottle-docs-" });
  try {
    const file = join(folder, "example.ts");
    await Deno.writeTextFile(file, block.text);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--frozen", "--config", "deno.json", file],
      cwd: ROOT,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every block of a document has a tag that says how it is checked", async () => {
  const unknown = (await blocks()).filter(({ tag }) => !Object.hasOwn(CHECKS, tag));
  assert.deepEqual(unknown.map(({ file, line, tag }) => `${file}:${line} "${tag}"`), []);
});

Deno.test("the README has one command for the demo and one for the tests", async () => {
  const tags = (await blocks("sh install", "sh test")).map(({ file, tag }) => `${file} ${tag}`);
  assert.deepEqual(tags, ["README.md sh install", "README.md sh test"]);
});

Deno.test("each block of a document holds what its tag says", async (t) => {
  for (const block of await blocks()) {
    const check = CHECKS[block.tag];
    if (!check || block.tag === "text") continue;
    await t.step(`${block.file}:${block.line} (${block.tag})`, () => check(block));
  }
});

Deno.test("links between documents lead somewhere", async () => {
  const broken: string[] = [];
  for (const [file, text] of await documents()) {
    for (const link of linksOf(file, text)) {
      if (/^https?:/.test(link.target)) continue;
      if (!await leadsSomewhere(link)) broken.push(`${file}:${link.line} ${link.target}`);
    }
  }
  assert.deepEqual(broken, []);
});

async function leadsSomewhere({ file, target }: Reference): Promise<boolean> {
  const [path = "", anchor] = target.split("#");
  const full = path === "" ? join(ROOT, file) : join(ROOT, dirname(file), path);
  const found = await Deno.stat(full).catch(() => undefined);
  if (!found || anchor === undefined) return found !== undefined;
  return anchorsOf(await Deno.readTextFile(full)).includes(anchor);
}

Deno.test("tests that documents name exist", async () => {
  const known = new Set(await listFiles(ROOT, (path) => path.endsWith("_test.ts")));
  const missing = (await documents())
    .flatMap(([file, text]) => testPathsOf(file, text))
    .filter(({ target }) => !known.has(target))
    .map(({ file, line, target }) => `${file}:${line} ${target}`);
  assert.deepEqual(missing, []);
});

Deno.test("the tag table of CONTRIBUTING.md names every tag", async () => {
  const text = await Deno.readTextFile(join(ROOT, "CONTRIBUTING.md"));
  const absent = Object.keys(CHECKS).filter((tag) => !text.includes(`\`${tag}\``));
  assert.deepEqual(absent, []);
});

Deno.test("a wrong command, option or manifest in a document is found", async () => {
  assert.match(await complaintAbout(["strat", "implementer"]) ?? "", /strat/);
  assert.match(await complaintAbout(["start", "--hedless"]) ?? "", /--hedless/);
  assert.match(await complaintAbout(["stop"]) ?? "", /slug/);
  assert.equal(await complaintAbout(["start", "implementer", "--dry-run"]), undefined);
  assert.throws(() => readManifest("bottle", asFrontmatter("egres: {}\n")), /egres/);
});

Deno.test("blocks, links and words are read as they are meant", () => {
  const text = [
    "[a](b.md#c) `[not](this)`",
    "```sh run",
    "x [not](that)",
    "```",
    "# Two words, here",
    "````md bottle",
    "```",
    "````",
  ].join("\n");
  assert.deepEqual(blocksOf("f.md", text).map(({ line, tag, text }) => [line, tag, text]), [
    [2, "sh run", "x [not](that)\n"],
    [6, "md bottle", "```\n"],
  ]);
  assert.deepEqual(linksOf("f.md", text).map(({ target }) => target), ["b.md#c"]);
  assert.deepEqual(anchorsOf(text), ["two-words-here"]);
  assert.deepEqual(words(`a "b c" 'd'e --f=1 # rest`), ["a", "b c", "de", "--f=1"]);
  assert.throws(() => words("a | b"));
});
