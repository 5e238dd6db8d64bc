import type { ActiveBottle } from "../../backends/backend.ts";
import type { CommandContext } from "../context.ts";
import type { FoundAgent } from "../manifests/store.ts";
import { ManifestStore } from "../manifests/store.ts";
import { formatAge } from "../terminal/format.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ListOptions {
  /** Absent for both. */
  readonly kind?: "available" | "active";
  readonly json?: boolean;
}

/** What `list --json` prints; a part that was not asked for is absent. */
export interface ListOutput {
  readonly available?: readonly { name: string; source: "home" | "cwd"; file: string }[];
  readonly active?: readonly ActiveBottle[];
}

/** Lists agents that can start and bottles that run. */
export async function run(context: CommandContext, options: ListOptions): Promise<number> {
  const { kind, json = false } = options;
  const [available, active] = await Promise.all([
    kind === "active" ? undefined : listAvailable(context),
    kind === "available" ? undefined : listRunning(context),
  ]);
  if (json) {
    const output: ListOutput = { ...(available && { available }), ...(active && { active }) };
    context.terminal.json(output);
    return 0;
  }
  if (available) showAvailable(context.terminal, available);
  if (available && active) context.terminal.print("");
  if (active) showActive(context.terminal, active);
  return 0;
}

async function listAvailable(context: CommandContext): Promise<readonly FoundAgent[]> {
  const store = new ManifestStore(context);
  const [agents, warnings] = await Promise.all([store.listAgents(), store.warnings()]);
  for (const warning of warnings) context.terminal.warn(warning);
  return agents;
}

async function listRunning(context: CommandContext): Promise<readonly ActiveBottle[]> {
  const { listActive } = await import("../find_bottle.ts");
  return (await listActive(context)).map(({ bottle }) => bottle);
}

function showAvailable(terminal: Terminal, agents: readonly FoundAgent[]): void {
  if (agents.length === 0) terminal.print("No agents yet");
  else {
    const rows = agents.map(({ name, source, file }) => [name, source, file]);
    terminal.table({ heading: ["AGENT", "SOURCE", "FILE"], rows });
  }
}

function showActive(terminal: Terminal, bottles: readonly ActiveBottle[]): void {
  if (bottles.length === 0) return terminal.print("No bottles run");
  const now = Date.now();
  terminal.table({
    heading: ["BACKEND", "SLUG", "LABEL", "AGENT", "SERVICES", "AGE", "STATE"],
    rows: bottles.map((bottle) => [
      bottle.backend,
      bottle.slug,
      bottle.label ?? "-",
      bottle.agent,
      bottle.services.join(",") || "-",
      formatAge(bottle.startedAt, now),
      bottle.healthy ? "healthy" : "damaged",
    ]),
  });
}
