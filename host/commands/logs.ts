import type { Backend } from "../../backends/backend.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../errors.ts";
import { findBackend } from "../find_bottle.ts";

export interface LogsOptions {
  readonly slug: string;
  readonly follow?: boolean;
  readonly service?: string;
}

/** Shows the sidecar's log on standard output. */
export async function run(context: CommandContext, options: LogsOptions): Promise<number> {
  const { slug, follow = false, service } = options;
  const { signal, terminal } = context;
  const backend = await findBackend(context, slug);
  if (service !== undefined) await checkService(backend, { slug, service });
  const log = backend.logs(slug, { follow, signal, ...(service !== undefined && { service }) });
  const decoder = new TextDecoder();
  for await (const chunk of log) terminal.printText(decoder.decode(chunk, { stream: true }));
  return 0;
}

/** A misspelt service would show as an empty log. */
async function checkService(
  backend: Backend,
  { slug, service }: { slug: string; service: string },
): Promise<void> {
  const bottle = (await backend.listActive()).find((active) => active.slug === slug);
  if (!bottle || bottle.services.length === 0 || bottle.services.includes(service)) return;
  throw new UsageError(`Cannot show the log of ${service}: ${slug} has no such service`, {
    hint: `choose one of ${bottle.services.join(", ")}`,
  });
}
