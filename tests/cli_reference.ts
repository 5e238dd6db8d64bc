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

function reference(): string {
  const silent = { version: "", execute: () => Promise.resolve(), write: () => {} };
  return describeProgram(silent).commands.flatMap(leaves).map(section).join("\n");
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
  const page = new URL("../docs/cli.md", import.meta.url);
  await Deno.writeTextFile(page, await withReference(await Deno.readTextFile(page)));
}
