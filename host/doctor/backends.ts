import type { CommandContext } from "../context.ts";
import { reasonOf } from "../errors.ts";
import { backendNames, openBackend } from "../registry.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** Which backends can be used; one is enough. */
export async function checkBackends(context: CommandContext): Promise<Check[]> {
  const checks = await Promise.all(backendNames.map((name) => checkBackend(name, context)));
  const flat = checks.flat();
  if (flat.some(({ status }) => status === "ok")) return flat;
  return [
    ...flat,
    fail("backends", "none can be used, so no bottle can start", "mend one of those above"),
  ];
}

async function checkBackend(name: string, context: CommandContext): Promise<Check[]> {
  try {
    const backend = await openBackend(name, context);
    const state = await backend.isAvailable();
    if (!state.available) return [warn(name, state.reason, state.remedy)];
    const findings = await backend.diagnose?.() ?? [];
    return [
      ok(name, state.detail || "available"),
      ...findings.map(({ subject, ...finding }) => ({ name: `${name} ${subject}`, ...finding })),
    ];
  } catch (error) {
    return [warn(name, reasonOf(error), "BOT_BOTTLE_DEBUG=1 shows where")];
  }
}
