import type { ActiveBottle, Backend } from "../backends/backend.ts";
import { nearest } from "../policy/manifest/nearest.ts";
import type { CommandContext } from "./context.ts";
import { BottleError } from "./errors.ts";
import { availableBackends, openBackend } from "./registry.ts";
import { StateStore } from "./state/state_store.ts";

/**
 * The backend that runs the bottle of that slug: the one that its state folder names, else the
 * one of those available that knows it. Throws BottleError when none does.
 */
export async function findBackend(context: CommandContext, slug: string): Promise<Backend> {
  const { metadata } = await new StateStore(context.home).entry(slug);
  if (metadata) return await openBackend(metadata.backend, context);
  const active = await listActive(context);
  const found = active.find(({ bottle }) => bottle.slug === slug);
  if (found) return found.backend;
  const near = nearest(slug, active.map(({ bottle }) => bottle.slug));
  throw new BottleError(`Cannot find the bottle ${slug}: no such bottle runs`, {
    hint: near ? `did you mean ${near}?` : "bot-bottle list active shows what runs",
  });
}

/** A running bottle and the backend that runs it. */
export interface FoundBottle {
  readonly bottle: ActiveBottle;
  readonly backend: Backend;
}

/** Every running bottle of this home, oldest first. */
export async function listActive(context: CommandContext): Promise<readonly FoundBottle[]> {
  const backends = await availableBackends(context);
  const lists = await Promise.all(
    backends.map(async (backend) =>
      (await backend.listActive()).map((bottle) => ({ bottle, backend }))
    ),
  );
  return lists.flat().sort((a, b) => a.bottle.startedAt.localeCompare(b.bottle.startedAt));
}
