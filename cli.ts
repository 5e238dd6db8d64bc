import { asksForHelp, HELP } from "./host/commands/help.ts";
import type { ProgramHost, Run } from "./host/commands/program.ts";
import { type CommandContext, homeFolder } from "./host/context.ts";
import { BottleError, UsageError } from "./host/errors.ts";
import { commandLineExit, tellError } from "./host/failure.ts";
import { listenForSignals } from "./host/signals.ts";
import { OutputClosed } from "./host/terminal/output.ts";
import { processTerminal } from "./host/terminal/terminal.ts";
import project from "./deno.json" with { type: "json" };

/**
 * Runs the command line that `args` are and resolves with what to exit with. Errors are told on
 * standard error; nothing is thrown.
 */
export async function main(args: readonly string[]): Promise<number> {
  const env = (name: string): string | undefined => Deno.env.get(name);
  let terminal = processTerminal(env);
  let code = 0;
  using signal = listenForSignals({
    terminal: () => terminal,
    force: () => {
      terminal.restore();
      Deno.exit(130);
    },
  });
  const host: ProgramHost = {
    version: project.version,
    write: (text) => terminal.help(text),
    execute: async (run: Run, { color = true, onlyLooks = false } = {}) => {
      terminal = processTerminal(env, { color, signal });
      const running = run(openContext({ env, terminal, signal }));
      code = await (onlyLooks ? Promise.race([running, aborted(signal)]) : running);
    },
  };
  try {
    if (asksForHelp(args)) {
      terminal.help(HELP);
      return 0;
    }
    // Reading the command line takes longer than all that comes before.
    const { describeWhole } = await import("./host/commands/program.ts");
    const program = describeWhole(host);
    await program.parseAsync([...args], { from: "user" });
    return signal.aborted ? exitCodeOf(signal.reason) : code;
  } catch (error) {
    if (error instanceof OutputClosed) return 1;
    const usage = commandLineExit(error);
    if (usage === 0) return 0;
    tellError(terminal, error, { debug: env("BOT_BOTTLE_DEBUG") === "1" });
    return signal.aborted ? exitCodeOf(signal.reason) : usage ?? exitCodeOf(error);
  } finally {
    terminal.restore();
  }
}

/** Runs this process's own command line and ends the process. */
export async function runProgram(): Promise<never> {
  Deno.exit(await main(Deno.args));
}

function openContext(
  given: Pick<CommandContext, "env" | "terminal" | "signal">,
): CommandContext {
  const cwd = Deno.cwd();
  const home = homeFolder(given.env, cwd);
  if (home !== undefined) return { ...given, cwd, home };
  throw new UsageError(
    "Cannot find the bot-bottle folder: neither BOT_BOTTLE_HOME nor HOME is set",
    {
      hint: "set BOT_BOTTLE_HOME to a folder of yours",
    },
  );
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );
}

function exitCodeOf(error: unknown): number {
  return error instanceof BottleError ? error.exitCode : 1;
}

if (import.meta.main) await runProgram();
