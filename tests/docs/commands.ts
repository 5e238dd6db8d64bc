import { CommanderError } from "commander";
import { describeProgram } from "../../host/commands/program.ts";

/**
 * Words of a command line in plain POSIX quoting, without comments. Throws for what a document's
 * example should not need: expansions, pipes, lists.
 */
export function words(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  const pieces = /\s+|#.*|'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\|&;<>()]+)|(.)/gy;
  for (const [whole, single, double, plain, other] of line.matchAll(pieces)) {
    if (other !== undefined) throw new Error(`Cannot read "${line}": it uses ${other}`);
    const part = single ?? double ?? plain;
    if (part !== undefined) {
      word = (word ?? "") + part;
    } else {
      if (word !== undefined) found.push(word);
      word = undefined;
      if (whole.startsWith("#")) break;
    }
  }
  if (word !== undefined) found.push(word);
  return found;
}

/**
 * What the command line says against `args`: unknown commands and options, missing and surplus
 * arguments; undefined when it would run. Nothing is run.
 */
export async function complaintAbout(args: readonly string[]): Promise<string | undefined> {
  let understood = false;
  const program = describeProgram({
    version: "0.0.0",
    write: () => {},
    execute: () => {
      understood = true;
      return Promise.resolve();
    },
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return understood ? undefined : "it names no command";
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? undefined : error.message;
  }
}
