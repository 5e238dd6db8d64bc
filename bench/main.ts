/**
 * `deno task bench [name [part...]...] [--quick] [--json]`: runs one benchmark or all, or some
 * parts of one, each against its peers in the same run. Rows on standard output, progress on
 * standard error. Exit code 1 when an aim is missed, 2 for an unknown name, 3 when something was
 * skipped, 130 when it was interrupted.
 */
import { parseArgs } from "node:util";
import type { BenchContext, Benchmark } from "./context.ts";
import { Interrupted } from "./egress/interrupt.ts";
import { formatOutcome, type Outcome } from "./row.ts";

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  egress: () => import("./egress/bench.ts"),
  first_byte: () => import("./first_byte.ts"),
  help: () => import("./help.ts"),
  launch: () => import("./launch.ts"),
  scan: () => import("./scan.ts"),
};

/** Without names: all but what another one has as a part. */
const USUAL = Object.keys(BENCHMARKS).filter((name) => name !== "scan");

/** A benchmark and those of its parts that are asked for. */
interface Choice {
  readonly name: string;
  readonly benchmark: Benchmark;
  readonly parts: string[];
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
    },
  });
  const choices = await choose(positionals);
  if (typeof choices === "string") {
    console.error(choices);
    return 2;
  }
  const tally = { met: 0, missed: 0, skipped: 0, rows: 0 };
  for (const { name, benchmark, parts } of choices) {
    const progress = (text: string): void => console.error(`${name}: ${text}`);
    const context: BenchContext = { parts, quick: values.quick, progress };
    for await (const outcome of await benchmark.run(context)) {
      count(tally, outcome);
      if (!values.json) console.log(formatOutcome(outcome));
      else if ("skipped" in outcome) console.error(formatOutcome(outcome));
      else console.log(JSON.stringify(outcome));
    }
  }
  const { rows, met, missed, skipped } = tally;
  console.error(`${rows} rows: ${met} aims met, ${missed} missed, ${skipped} skipped`);
  if (missed > 0) return 1;
  return skipped > 0 ? 3 : 0;
}

function count(
  tally: { met: number; missed: number; skipped: number; rows: number },
  outcome: Outcome,
): void {
  if ("skipped" in outcome) return void tally.skipped++;
  tally.rows++;
  if (outcome.aim !== "none") tally[outcome.met ? "met" : "missed"]++;
}

/** Reads the words of the command line: what follows a benchmark's name are parts of it. */
async function choose(words: readonly string[]): Promise<Choice[] | string> {
  const choices: Choice[] = [];
  for (const word of words.length > 0 ? words : USUAL) {
    const last = choices.at(-1);
    if (last?.benchmark.PARTS?.includes(word)) {
      last.parts.push(word);
      continue;
    }
    const load = Object.hasOwn(BENCHMARKS, word) ? BENCHMARKS[word] : undefined;
    if (load === undefined) {
      const parts = last?.benchmark.PARTS;
      const hint = parts === undefined ? "" : `; ${last?.name} has ${parts.join(", ")}`;
      return `no benchmark ${word}; there are ${Object.keys(BENCHMARKS).join(", ")}${hint}`;
    }
    choices.push({ name: word, benchmark: await load(), parts: [] });
  }
  return choices;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    Deno.exit(130);
  }
}
