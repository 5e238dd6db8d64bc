import { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { describeBottles } from "./program_bottles.ts";
import { describeInspection } from "./program_inspection.ts";
import { describeSupervise } from "./program_supervise.ts";

/** Runs one command; resolves with what the program exits with. */
export type Run = (context: CommandContext) => Promise<number>;

/** What the program's description needs to become the program. */
export interface ProgramHost {
  readonly version: string;
  /**
   * Called with the command that was asked for, once the command line is understood. One that
   * only looks has nothing to tear down, so a signal may end it at once.
   */
  execute(run: Run, options?: { onlyLooks?: boolean; color?: boolean }): Promise<void>;
  /** Where help and version go. */
  write(text: string): void;
}

const HELP_WIDTH = 100;

/**
 * The command line: each command, what it takes and where its code lies. That code is imported
 * only when the command is asked for, so that help and completion stay fast.
 */
export function describeProgram(host: ProgramHost): Command {
  const program = new Command("bot-bottle");
  program
    .description("Run any coding agent as if it were already compromised.")
    .version(host.version, "--version", "show the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .option("--no-color", "no colours, whatever the terminal can do")
    .addHelpText("after", `\n${ENVIRONMENT}`)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.write(text),
      // Help asked for by naming no command; errors are told by whoever catches them.
      writeErr: (text) => host.write(text),
      outputError: () => {},
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  describeBottles(program, host);
  describeSupervise(program, host);
  describeInspection(program, host);
  return program;
}

/** The description with what only machines call, and with what the options for all commands do. */
export function describeWhole(host: ProgramHost): Command {
  const program: Command = describeProgram({
    ...host,
    execute: (run, options) => host.execute(run, { ...options, color: program.opts()["color"] }),
  });
  describeCompletion(program, host);
  return program;
}

/** Adds what completion scripts call; not part of the description that they complete from. */
function describeCompletion(program: Command, { execute }: ProgramHost): void {
  program.command("complete", { hidden: true })
    .argument("[words...]")
    .allowUnknownOption()
    .action((words: string[]) =>
      execute(async (context) => (await import("./complete.ts")).run(context, { words }))
    );
}

const ENVIRONMENT = `Environment:
  BOT_BOTTLE_HOME           manifests and state (default: ~/.bot-bottle)
  BOT_BOTTLE_BACKEND        backend to use when --backend does not say
  BOT_BOTTLE_DRY_RUN=1      as --dry-run
  BOT_BOTTLE_DEBUG=1        show where an error came from
  BOT_BOTTLE_CA_BUNDLE      PEM file with more certificate authorities to trust
  BOT_BOTTLE_EXTRA_HOSTS    fixed addresses for the sidecar: name=address[:port],...
  BOT_BOTTLE_SIDECAR_IMAGE  sidecar image to use instead of building one
  DOCKER_HOST               the container engine to use`;
