import type { Argument, Command, Option } from "commander";
import { fileURLToPath } from "node:url";
import { describeProgram } from "../host/commands/program.ts";

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));
const START = "<!-- generated from the program: run `deno run -A tests/cli_reference.ts` -->";
const END = "<!-- end of generated -->";

/** The page with the part between the marks made anew from the program's own description. */
export async function withReference(page: string): Promise<string> {
  const [before, rest] = split(page, START);
  const [, after] = split(rest, END);
  return await formatted(`${before}${START}\n\n${reference()}\n${END}${after}`);
}

async function formatted(page: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "--config", CONFIG, "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(page));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("Cannot format docs/cli.md");
  return new TextDecoder().decode(stdout);
}

function split(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/cli.md has no line ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

const SILENT = { version: "", execute: () => Promise.resolve(), write: () => {} };

/** The text of `host/commands/help.ts`: the program's help as its description gives it. */
export function helpModule(): string {
  const help = describeProgram(SILENT);
  let text = "";
  help.configureOutput({ writeOut: (part) => text += part });
  help.outputHelp();
  const lines = text.trimEnd().split("\n").map((line) => `  ${JSON.stringify(line)},`);
  return `${HELP_HEAD}[\n${lines.join("\n")}\n].join("\\n") + "\\n";\n`;
}

const HELP_HEAD = `/** Does the command line ask for nothing but help? */
export function asksForHelp(args: readonly string[]): boolean {
  return args.length === 0 ||
    (args.length === 1 && ["--help", "-h", "help"].includes(args[0] ?? ""));
}

/**
 * The help of the program. Made from its description by \`deno run -A tests/cli_reference.ts\`, so
 * that showing it need not load the library that reads command lines; a test compares the two.
 */
export const HELP: string = `;

function reference(): string {
  return describeProgram(SILENT).commands.flatMap(leaves).map(section).join("\n");
}

/** Commands that do something; those that only hold others are told by them. */
function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function section(command: Command): string {
  const rows = [
    ...command.registeredArguments.map((argument) => [term(argument), argument.description]),
    ...command.options.map((option) => [`\`${option.flags}\``, optionText(option)]),
  ];
  const name = fullName(command);
  return [
    `### ${name}`,
    "",
    `\`${`bot-bottle ${name} ${command.usage()}`.trim()}\``,
    "",
    `${sentence(command.description())}`,
    "",
    ...(rows.length === 0 ? [] : ["| | |", "|---|---|", ...rows.map(row), ""]),
  ].join("\n");
}

function fullName(command: Command): string {
  const parent = command.parent;
  return parent?.parent ? `${fullName(parent)} ${command.name()}` : command.name();
}

function term(argument: Argument): string {
  const dots = argument.variadic ? "..." : "";
  return argument.required ? `\`<${argument.name()}${dots}>\`` : `\`[${argument.name()}${dots}]\``;
}

function optionText(option: Option): string {
  const choices = option.argChoices ? ` (${option.argChoices.join(", ")})` : "";
  return `${option.description}${choices}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("../host/commands/help.ts", import.meta.url), helpModule());
  const page = new URL("../docs/cli.md", import.meta.url);
  await Deno.writeTextFile(page, await withReference(await Deno.readTextFile(page)));
}
