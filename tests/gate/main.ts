/**
 * Runs the checks and tests of this repository, each in a process of its own, and ends with one
 * line of counts. `main.ts ok` runs everything; `all [filter]`, `unit`, `integration` and `e2e`
 * run tests alone.
 */
import { join } from "node:path";
import process from "node:process";
import { checks, packageChecks, type Step, suiteStep } from "./steps.ts";
import { findSuites, narrow } from "./suites.ts";
import { add, EMPTY, isGreen, summary, type Tally } from "./tally.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const KINDS = ["unit", "integration", "e2e"];

/** Runs steps one after the other, going on past failures, and writes what became of each. */
export async function runSteps(
  steps: readonly Step[],
  write: (line: string) => void,
): Promise<Tally> {
  let total = EMPTY;
  for (const step of steps) {
    const begin = performance.now();
    const { tally, output } = await step.run();
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const verdict = tally.failed.length > 0 ? "FAILED" : "ok";
    write(`${verdict} ${step.name}: ${summary(tally).at(-1)} (${seconds} s)`);
    if (tally.failed.length > 0) write(output.trimEnd());
    else for (const line of tableLines(output)) write(line);
    total = add(total, tally);
  }
  return total;
}

/** The tables that a suite printed: they are results, which a green run shows as well. */
function tableLines(output: string): string[] {
  return output.split("\n").filter((line) => /^\|.*\|$/.test(line));
}

async function stepsOf(argv: readonly string[], scratch: string): Promise<Step[]> {
  const [mode = "", filter] = argv;
  const suites = await findSuites(ROOT);
  if (mode === "ok") {
    const tests = suites.map((suite) => suiteStep(suite, { root: ROOT, scratch }));
    return [...checks(ROOT), ...packageChecks(ROOT), ...tests];
  }
  if (mode !== "all" && !KINDS.includes(mode)) {
    throw new Error(`Cannot run "${mode}": expected ok, all, ${KINDS.join(", ")}`);
  }
  const kind = suites.filter((suite) => mode === "all" || suite.kind === mode);
  const { suites: chosen, ...name } = filter === undefined
    ? { suites: kind }
    : narrow(kind, filter);
  return chosen.map((suite) => suiteStep(suite, { root: ROOT, scratch, ...name }));
}

async function main(): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "bot-bottle-gate-" });
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    const total = await runSteps(await stepsOf(Deno.args, scratch), write);
    for (const line of summary(total)) write(line);
    Deno.exitCode = isGreen(total) ? 0 : 1;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) void main();
