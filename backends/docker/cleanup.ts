import type { CleanupFailure, Leftover } from "../backend.ts";
import type { Engine } from "./engine/engine.ts";
import { homeId, LABELS } from "./labels.ts";
import { findParts, type Part, removeParts } from "./release.ts";

/**
 * Containers and networks that carry this home's label, running or not, and what a build that was
 * cut off left, by slug, kind and name. Images stay: built ones are a cache, snapshots are what the
 * operator asked for.
 */
export async function planCleanup(engine: Engine, home: string): Promise<Leftover[]> {
  return (await partsOf(engine, home)).map(toLeftover).sort(byName);
}

/** Removes the given things as far as they still carry this home's label. */
export async function cleanup(
  engine: Engine,
  home: string,
  leftovers: readonly Leftover[],
): Promise<CleanupFailure[]> {
  const wanted = new Map(leftovers.map((leftover) => [leftover.id, leftover]));
  const parts = (await partsOf(engine, home)).filter(({ id }) => wanted.has(id));
  return (await removeParts(engine, parts)).map(({ part, reason }) => ({
    leftover: toLeftover(part),
    reason,
  }));
}

async function partsOf(engine: Engine, home: string): Promise<Part[]> {
  const parts = await findParts(engine, { [LABELS.home]: await homeId(home) });
  // A build's container runs while its build does; one that does not is left over.
  return parts.filter(({ labels, state }) => {
    const role = labels[LABELS.role];
    return role !== "image" && !(role === "build" && state === "running");
  });
}

/** The engine tells things in no order that holds from one call to the next. */
function byName(left: Leftover, right: Leftover): number {
  const key = ({ slug, kind, name }: Leftover): string => `${slug}\0${kind}\0${name}`;
  return key(left) < key(right) ? -1 : 1;
}

function toLeftover({ kind, id, name, labels }: Part): Leftover {
  return { slug: labels[LABELS.slug] ?? "", kind, id, name };
}
