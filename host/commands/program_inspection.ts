import { Argument, type Command } from "commander";
import type { ProgramHost } from "./program.ts";

/** Describes the commands that only look. */
export function describeInspection(program: Command, given: ProgramHost): void {
  const host: ProgramHost = {
    ...given,
    execute: (run) => given.execute(run, { onlyLooks: true }),
  };
  describeListing(program, host);
  describePolicy(program, host);
  describeProgramItself(program, host);
}

function describeListing(program: Command, { execute }: ProgramHost): void {
  program.command("list")
    .description("list agents that can start and bottles that run")
    .addArgument(
      new Argument("[kind]", "only one of the two").choices(["available", "active"]),
    )
    .option("--json", "as JSON")
    .action((kind: "available" | "active" | undefined, options: { json?: boolean }) =>
      execute(async (context) =>
        (await import("./list.ts")).run(context, { ...options, ...(kind && { kind }) })
      )
    );
  program.command("info")
    .description("show what an agent would be given: its manifest with its bottles merged")
    .argument("<agent>", "agent to show")
    .option("--json", "as JSON")
    .action((agent: string, options: { json?: boolean }) =>
      execute(async (context) => (await import("./info.ts")).run(context, { agent, ...options }))
    );
}

function describePolicy(program: Command, { execute }: ProgramHost): void {
  const policy = program.command("policy")
    .description("try out what a bottle's rules decide, without starting anything");
  policy.command("check")
    .description(
      "decide on one request as the proxy would, and say why; exit 1 when refused or held",
    )
    .argument("<bottle>", "bottle whose rules to use")
    .argument("<method>", "e.g. GET")
    .argument("<url>", "http:// or https:// URL; its path is taken as it is written")
    .option("--header <header>", "request header as 'name: value'; may be repeated", collect, [])
    .option("--body <file>", "file with the request's body")
    .option("--json", "as JSON")
    .action((
      bottle: string,
      method: string,
      url: string,
      options: { header: readonly string[]; body?: string; json?: boolean },
    ) =>
      execute(async (context) =>
        (await import("./policy_check.ts")).run(context, { bottle, method, url, ...options })
      )
    );
}

function describeProgramItself(program: Command, { execute }: ProgramHost): void {
  program.command("doctor")
    .description("check this machine and say how to mend what is wrong; exit 1 on a failure")
    .option("--json", "as JSON")
    .action((options: { json?: boolean }) =>
      execute(async (context) => (await import("./doctor.ts")).run(context, options))
    );
  program.command("schema")
    .description("print the JSON Schema of a manifest's frontmatter")
    .addArgument(new Argument("<kind>", "kind of manifest").choices(["bottle", "agent"]))
    .action((kind: "bottle" | "agent") =>
      execute(async (context) => (await import("./schema.ts")).run(context, { kind }))
    );
  program.command("completions")
    .description("print a shell's completion script")
    .addArgument(new Argument("<shell>", "shell").choices(["bash", "zsh", "fish"]))
    .action((shell: "bash" | "zsh" | "fish") =>
      execute(async (context) => (await import("./completions.ts")).run(context, { shell }))
    );
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
