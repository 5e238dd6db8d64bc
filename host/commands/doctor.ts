import type { CommandContext } from "../context.ts";
import { checkBackends } from "../doctor/backends.ts";
import type { Check } from "../doctor/check.ts";
import { fail } from "../doctor/check.ts";
import { checkManifests, checkProviders } from "../doctor/configuration.ts";
import { checkDisk, checkFolders, checkRuntime, checkState } from "../doctor/machine.ts";
import { reasonOf } from "../errors.ts";
import type { Style } from "../terminal/style.ts";

/** What `doctor --json` prints. */
export interface DoctorOutput {
  /** False when at least one check failed. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
}

const STYLES: Readonly<Record<Check["status"], Style>> = {
  ok: "green",
  warn: "yellow",
  fail: "red",
};

/** Checks the machine and the configuration. Resolves with 1 when a check failed. */
export async function run(
  context: CommandContext,
  { json = false }: { json?: boolean },
): Promise<number> {
  const checks = await runChecks(context);
  const healthy = checks.every(({ status }) => status !== "fail");
  const output: DoctorOutput = { healthy, checks };
  if (json) context.terminal.json(output);
  else show(context, checks);
  return healthy ? 0 : 1;
}

async function runChecks(context: CommandContext): Promise<Check[]> {
  const running: [name: string, check: Promise<Check | Check[]> | Check][] = [
    ["runtime", checkRuntime()],
    ["backends", checkBackends(context)],
    ["disk", checkDisk(context)],
    ["folders", checkFolders(context)],
    ["state", checkState(context)],
    ["manifests", checkManifests(context)],
    ["providers", checkProviders(context)],
  ];
  const done = await Promise.all(running.map(async ([name, check]): Promise<Check[]> => {
    try {
      return [await check].flat();
    } catch (error) {
      return [fail(name, `the check itself failed: ${reasonOf(error)}`, remedyOf(error))];
    }
  }));
  return done.flat();
}

function remedyOf(error: unknown): string {
  return error instanceof Error && "hint" in error && typeof error.hint === "string"
    ? error.hint
    : "BOT_BOTTLE_DEBUG=1 shows where";
}

function show({ terminal }: CommandContext, checks: readonly Check[]): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, status, detail, remedy } of checks) {
    terminal.verdict(STYLES[status], status.padEnd(6), `${name.padEnd(width)}  ${detail}`);
    if (remedy) terminal.print(`${" ".repeat(6)}${" ".repeat(width)}  remedy: ${remedy}`);
  }
}
