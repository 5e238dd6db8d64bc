import { BackendError } from "../backend.ts";
import type { Engine } from "./engine/engine.ts";
import { engineWords } from "./engine/failure.ts";
import { LABELS } from "./labels.ts";
import { findContainer } from "./running.ts";

/**
 * Commits the agent's file system to `bot-bottle-committed-<slug>:latest` and resolves with that
 * name. The container carries no environment of its own (it stands in memory inside and is given
 * to each process), so the snapshot holds none.
 */
export async function freeze(engine: Engine, home: string, slug: string): Promise<string> {
  const { id } = await findContainer(engine, home, { slug, role: "agent" });
  const name = `bot-bottle-committed-${slug}`;
  const library = await engine.library();
  try {
    await library.getContainer(id).commit({
      repo: name,
      tag: "latest",
      comment: `snapshot of bottle ${slug}`,
      pause: true,
      changes: [`LABEL ${LABELS.role}=image ${LABELS.launch}=""`],
    });
  } catch (error) {
    throw new BackendError(`Cannot freeze bottle ${slug}: ${engineWords(error)}`, {
      hint: "check the engine's free disk space",
      cause: error,
    });
  }
  return `${name}:latest`;
}
