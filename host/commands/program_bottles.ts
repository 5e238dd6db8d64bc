import type { Command } from "commander";
import type { ProgramHost } from "./program.ts";
import type { DemoOptions } from "./demo.ts";
import type { StartOptions } from "./start.ts";

/** Describes the commands that start, use and end bottles. */
export function describeBottles(program: Command, host: ProgramHost): void {
  describeStart(program, host);
  describeUse(program, host);
  describeEnd(program, host);
}

function describeStart(program: Command, { execute }: ProgramHost): void {
  program.command("start")
    .description("start a bottle and run its agent on this terminal")
    .argument("[agent]", "agent to start; asked for when missing")
    .option(
      "--bottle <name>",
      "bottle instead of the agent's own; repeat to lay one over another",
      collect,
      [],
    )
    .option("--backend <name>", "isolation technology; the strongest available by default")
    .option("--cwd", "copy the current folder into the bottle as its workspace")
    .option("--label <text>", "name of this bottle; makes its slug")
    .option("--color <color>", "colour of this bottle: red, green, yellow, blue or magenta")
    .option("--dry-run", "show the preflight summary and start nothing")
    .option("--remote-control", "let the agent be steered from its vendor's own apps")
    .option("--headless", "ask nothing; the agent's output goes to standard output")
    .option("--prompt <text>", "what the agent is to do; needs --headless")
    .action((agent: string | undefined, given: Omit<StartOptions, "agent">) => {
      const options: StartOptions = { ...given, ...(agent !== undefined && { agent }) };
      return execute(async (context) => (await import("./start.ts")).run(context, options));
    });
  program.command("demo")
    .description("show what a bottle stops, with a demo agent and local stand-ins")
    .option("--backend <name>", "isolation technology; the strongest available by default")
    .action((options: DemoOptions) =>
      execute(async (context) => (await import("./demo.ts")).run(context, options))
    );
}

function describeUse(program: Command, { execute }: ProgramHost): void {
  program.command("attach")
    .description("join the terminal of a running bottle's agent; Ctrl-] d leaves it")
    .argument("<slug>", "bottle to join")
    .action((slug: string) =>
      execute(async (context) => (await import("./attach.ts")).run(context, { slug }))
    );
  program.command("exec")
    .description("run a program inside a running bottle, as the agent's user")
    .usage("<slug> -- <command> [arguments...]")
    .argument("<slug>", "bottle to run it in")
    .argument("<command...>", "program and its arguments")
    .action((slug: string, command: string[]) =>
      execute(async (context) => (await import("./exec.ts")).run(context, { slug, command }))
    );
  program.command("logs")
    .description("show the sidecar's log of a running bottle")
    .argument("<slug>", "bottle whose log to show")
    .option("-f, --follow", "go on until the bottle ends")
    .option("--service <name>", "only the lines of one service, e.g. egress")
    .action((slug: string, options: { follow?: boolean; service?: string }) =>
      execute(async (context) => (await import("./logs.ts")).run(context, { slug, ...options }))
    );
}

function describeEnd(program: Command, { execute }: ProgramHost): void {
  program.command("stop")
    .description("end a running bottle and remove what it is made of")
    .argument("<slug>", "bottle to end")
    .action((slug: string) =>
      execute(async (context) => (await import("./stop.ts")).run(context, { slug }))
    );
  program.command("cleanup")
    .description("remove what crashed bottles left on this machine")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only list what would be removed")
    .action((options: { yes?: boolean; dryRun?: boolean }) =>
      execute(async (context) => (await import("./cleanup.ts")).run(context, options))
    );
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
