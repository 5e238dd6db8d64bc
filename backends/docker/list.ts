import type { ActiveBottle } from "../backend.ts";
import type { Engine } from "./engine/engine.ts";
import { homeId, identityOf, LABELS, parseList } from "./labels.ts";
import { findParts, type Part } from "./release.ts";

/** Bottles of this home of which at least the agent or the sidecar runs, the oldest first. */
export async function listActive(engine: Engine, home: string): Promise<ActiveBottle[]> {
  const parts = await findParts(engine, { [LABELS.home]: await homeId(home) });
  const bySlug = Map.groupBy(
    parts.filter(({ kind }) => kind === "container"),
    ({ labels }) => labels[LABELS.slug] ?? "",
  );
  const bottles: ActiveBottle[] = [];
  for (const [slug, containers] of bySlug) {
    const running = containers.filter(({ state }) => state === "running");
    const [first] = running;
    if (slug === "" || !first) continue;
    bottles.push({
      ...identityOf(first.labels),
      backend: "docker",
      services: parseList(first.labels[LABELS.services]),
      startedAt: first.labels[LABELS.startedAt] ?? "",
      healthy: hasRole(running, "agent") && hasRole(running, "sidecar"),
    });
  }
  const key = ({ startedAt, slug }: ActiveBottle): string => `${startedAt} ${slug}`;
  return bottles.sort((left, right) => key(left) < key(right) ? -1 : 1);
}

function hasRole(containers: readonly Part[], role: string): boolean {
  return containers.some(({ labels }) => labels[LABELS.role] === role);
}
