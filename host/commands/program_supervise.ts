import type { Command } from "commander";
import type { ProgramHost } from "./program.ts";

/** Describes the commands that answer what bottles ask. */
export function describeSupervise(program: Command, host: ProgramHost): void {
  const supervise = program.command("supervise")
    .description("answer what bottles ask: a held request, for instance");
  describeLooking(supervise, host);
  describeAnswering(supervise, host);
}

function describeLooking(supervise: Command, given: ProgramHost): void {
  const execute: ProgramHost["execute"] = (run) => given.execute(run, { onlyLooks: true });
  supervise.command("list")
    .description("list what waits for an answer")
    .option("--json", "as JSON")
    .action((options: { json?: boolean }) =>
      execute(async (context) => (await import("./supervise.ts")).list(context, options))
    );
  supervise.command("show")
    .description("show one question whole")
    .argument("<id>", "its id, or the beginning of it")
    .option("--json", "as JSON")
    .action((id: string, options: { json?: boolean }) =>
      execute(async (context) => (await import("./supervise.ts")).show(context, { id, ...options }))
    );
}

function describeAnswering(supervise: Command, { execute }: ProgramHost): void {
  supervise.command("approve")
    .description("let it happen; what was found counts as safe while this bottle runs")
    .argument("<id>", "its id, or the beginning of it")
    .option("--notes <text>", "for the record")
    .action((id: string, options: { notes?: string }) =>
      execute(async (context) =>
        (await import("./supervise.ts")).approve(context, { id, ...options })
      )
    );
  supervise.command("reject")
    .description("refuse it")
    .argument("<id>", "its id, or the beginning of it")
    .option("--reason <text>", "told to the agent")
    .action((id: string, options: { reason?: string }) =>
      execute(async (context) =>
        (await import("./supervise.ts")).reject(context, { id, ...options })
      )
    );
}
