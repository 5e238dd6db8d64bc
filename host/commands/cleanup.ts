import type { Backend, Leftover } from "../../backends/backend.ts";
import type { CommandContext } from "../context.ts";
import { reasonOf, UsageError } from "../errors.ts";
import { availableBackends } from "../registry.ts";
import { queueFolder, queues, removeQueue } from "../state/queue_folder.ts";
import { type StateEntry, StateStore } from "../state/state_store.ts";

export interface CleanupOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** What crashed bottles left: on each backend, and in the state folder. */
interface Plan {
  readonly onBackends: readonly { backend: Backend; leftovers: readonly Leftover[] }[];
  readonly folders: readonly StateEntry[];
  /** Slugs of bottles that are no more, whose queue is left. */
  readonly queues: readonly string[];
}

/**
 * Lists what crashed bottles left, asks, and removes it. Bottles that a living process runs are
 * left alone. Resolves with 1 when something could not be removed.
 */
export async function run(context: CommandContext, options: CleanupOptions): Promise<number> {
  const { terminal } = context;
  const state = new StateStore(context.home);
  const plan = await findLeftovers(context, state);
  const rows = describePlan(context, plan);
  if (rows.length === 0 && plan.onBackends.length === 0) {
    terminal.warn("Cannot tell what is left: no backend could be asked");
    return 1;
  }
  if (rows.length === 0) {
    terminal.info("nothing to clean up");
    return 0;
  }
  terminal.table({ heading: ["WHERE", "BOTTLE", "KIND", "NAME"], rows });
  if (options.dryRun) return 0;
  if (!options.yes && !await confirmed(context, rows.length)) {
    terminal.info("nothing was removed");
    return 0;
  }
  return await removeAll(context, state, plan);
}

async function findLeftovers(context: CommandContext, state: StateStore): Promise<Plan> {
  const backends = await availableBackends(context);
  const found = await Promise.all(backends.map(async (backend) => ({
    backend,
    leftovers: await backend.planCleanup(),
  })));
  // Asked after the backends: a bottle takes its lock before it makes anything.
  const entries = await state.list();
  const live = new Set(entries.filter((entry) => entry.live).map(({ slug }) => slug));
  const kept = new Set(entries.filter((entry) => entry.preserved).map(({ slug }) => slug));
  return {
    onBackends: found.map(({ backend, leftovers }) => ({
      backend,
      leftovers: leftovers.filter(({ slug }) => !live.has(slug)),
    })),
    folders: await state.stale(Date.now()),
    queues: (await queues(context.home)).filter((slug) => !live.has(slug) && !kept.has(slug)),
  };
}

function describePlan(
  { home }: CommandContext,
  { onBackends, folders, queues }: Plan,
): string[][] {
  return [
    ...onBackends.flatMap(({ backend, leftovers }) =>
      leftovers.map(({ slug, kind, name }) => [backend.name, slug || "-", kind, name])
    ),
    ...folders.map(({ slug, path }) => ["state", slug, "folder", path]),
    ...queues.map((slug) => ["queue", slug, "folder", queueFolder(home, slug)]),
  ];
}

async function confirmed({ terminal }: CommandContext, count: number): Promise<boolean> {
  if (!terminal.interactive) {
    throw new UsageError("Cannot ask whether to remove all that: this is no terminal", {
      hint: "add --yes to remove it, or --dry-run only to list it",
    });
  }
  const prompts = await terminal.prompts();
  return await prompts.confirm(count === 1 ? "Remove it?" : `Remove these ${count} things?`);
}

async function removeAll(
  { terminal, home }: CommandContext,
  state: StateStore,
  { onBackends, folders, queues }: Plan,
): Promise<number> {
  using progress = terminal.progress();
  progress.step("Removing leftovers");
  const failures: string[] = [];
  await Promise.all(onBackends.map(async ({ backend, leftovers }) => {
    for (const { leftover, reason } of await backend.cleanup(leftovers)) {
      failures.push(`Cannot remove ${leftover.kind} ${leftover.name}: ${reason}`);
    }
  }));
  for (const folder of folders) {
    try {
      await state.removeStale(folder);
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  for (const slug of queues) {
    try {
      // Held, so that no bottle of that slug is started meanwhile and loses its own.
      await using held = await state.reserve(slug);
      if (held) await removeQueue(home, slug);
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  for (const failure of failures) terminal.error(failure);
  if (failures.length > 0) return 1;
  terminal.info("everything was removed");
  return 0;
}
