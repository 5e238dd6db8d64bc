import assert from "node:assert/strict";
import { HELP } from "../host/commands/help.ts";
import { helpModule, withReference } from "./cli_reference.ts";
import { Scene } from "./cli_transcript.ts";
import { blocksOf } from "./docs/markdown.ts";

const PAGE = await Deno.readTextFile(new URL("../docs/cli.md", import.meta.url));

Deno.test("the reference of the command line is what the program describes", async () => {
  assert.equal(PAGE, await withReference(PAGE), "run `deno run -A tests/cli_reference.ts`");
});

Deno.test("the help that is shown is what the program's description gives", () => {
  const lines = HELP.trimEnd().split("\n").map((line) => `  ${JSON.stringify(line)},`);
  assert(
    helpModule().includes(`[\n${lines.join("\n")}\n]`),
    "run `deno run -A tests/cli_reference.ts`",
  );
});

Deno.test("every environment variable that help names is in the reference", async () => {
  await using scene = await Scene.create();
  const { stdout } = await scene.run(["--help"]);
  const names = [...stdout.matchAll(/^ {2}([A-Z][A-Z_]+)/gm)].map(([, name]) => name);
  assert(names.length >= 8);
  for (const name of names) assert.match(PAGE, new RegExp(`^\\| \`${name}`, "m"));
});

Deno.test("every example of the reference gives what it shows", async () => {
  const blocks = blocksOf("docs/cli.md", PAGE);
  const bottle = blocks.find(({ tag }) => tag === "md bottle") ?? assert.fail("no bottle");
  await using scene = await Scene.create({
    "bottles/dev.md": bottle.text,
    "agents/implementer.md": "---\nbottle: dev\n---\nDo it.\n",
  });
  const examples = blocks.filter(({ tag }) => tag === "text").flatMap(({ text }) =>
    text.split(/^(?=\$ )/m).filter((part) => part.startsWith("$ bot-bottle "))
  );
  assert(examples.length >= 10);
  for (const example of examples) {
    const [command = "", ...lines] = example.trimEnd().split("\n");
    const { stdout, stderr } = await scene.run(wordsOf(command.slice("$ bot-bottle ".length)));
    const shown = (stdout + stderr).replaceAll(scene.home, "~/.bot-bottle").trimEnd();
    assert.match(shown, patternOf(lines), command);
  }
});

/** Words of a command line with nothing but single quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** `...` on a line of its own is any lines; at the end of one, any rest. */
function patternOf(lines: readonly string[]): RegExp {
  const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const parts = lines.map((line) => {
    if (line === "...") return "[\\s\\S]*";
    if (line.endsWith("...")) return `${escape(line.slice(0, -3))}.*`;
    return escape(line).replace(/(AGENT|implementer|home|SOURCE) +/g, "$1 +");
  });
  return new RegExp(`^${parts.join("\n").replaceAll("\n[\\s\\S]*", "[\\s\\S]*")}$`);
}
