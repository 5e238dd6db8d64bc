import process from "node:process";
import { parseArgs } from "node:util";
import { type Attempt, attempts, type World } from "./attempts.ts";
import { codeOf, LIMIT, within } from "./limit.ts";
import type { Finding } from "./packets.ts";
import { jsonLines, table, type Verdict } from "./report.ts";
import { sidecarAddress } from "./surroundings.ts";

/** Everything ends by then, whatever hangs. */
const DEADLINE = LIMIT + 700;

const SILENCE: Finding = { reached: false, evidence: "no answer" };

async function judge({ attempt, must, run }: Attempt): Promise<Verdict> {
  try {
    const { reached, evidence } = await within(run(), SILENCE, DEADLINE);
    const was = reached ? "allowed" : "stopped";
    return { attempt, must, was, passed: was === must, by: evidence };
  } catch (error) {
    return { attempt, must, was: "unknown", passed: false, by: codeOf(error) };
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      allowed: { type: "string", default: "demo.example" },
      forbidden: { type: "string", default: "forbidden.example" },
      "host-service": { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
    },
  });
  const started = performance.now();
  const world: World = {
    allowed: values.allowed,
    forbidden: values.forbidden,
    hostServices: values["host-service"],
    sidecar: await sidecarAddress(),
  };
  const verdicts = await Promise.all(attempts(world).map(judge));
  const milliseconds = Math.round(performance.now() - started);
  const color = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  const text = values.json ? jsonLines(verdicts) : table(verdicts, { color, milliseconds });
  const code = verdicts.every(({ passed }) => passed) ? 0 : 1;
  // What still waits for an answer must not hold the program.
  process.stdout.write(text, () => process.exit(code));
}

void main();
