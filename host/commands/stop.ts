import type { CommandContext } from "../context.ts";
import { findBackend } from "../find_bottle.ts";
import { removeQueue } from "../state/queue_folder.ts";
import { StateStore } from "../state/state_store.ts";

/** Ends a running bottle, whoever started it, and removes what it is made of. */
export async function run(context: CommandContext, { slug }: { slug: string }): Promise<number> {
  const { terminal } = context;
  const backend = await findBackend(context, slug);
  const state = new StateStore(context.home);
  await state.markStopped(slug);
  {
    using progress = terminal.progress();
    progress.step(`Ending ${slug}`);
    await backend.stop(slug);
  }
  // A living owner removes its folder itself, once its agent has ended.
  const entry = await state.entry(slug);
  if (!entry.live && !entry.preserved) {
    if (entry.present) await state.removeStale(entry);
    await removeQueue(context.home, slug);
  }
  terminal.info(`${slug} is gone`);
  return 0;
}
