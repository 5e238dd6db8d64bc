import type { CommandContext } from "../context.ts";
import { findBackend } from "../find_bottle.ts";
import { hostStdio } from "../terminal/stdio.ts";

export interface ExecCommandOptions {
  readonly slug: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
}

/**
 * Runs a program in a bottle as the agent's user: with a terminal when this is one, else with the
 * streams of this process. Resolves with the program's exit code.
 */
export async function run(context: CommandContext, options: ExecCommandOptions): Promise<number> {
  const { terminal, signal } = context;
  const backend = await findBackend(context, options.slug);
  await using bottle = await backend.open(options.slug);
  const stdio = hostStdio({ tty: terminal.isTty });
  if (!terminal.isTty) return await bottle.execAgent(options.command, stdio, { signal });
  const screen = await terminal.screen();
  using _raw = screen.raw();
  return await bottle.execAgent(options.command, stdio, { signal });
}
