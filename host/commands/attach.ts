import { type AttachOutcome, attachTo } from "../attach/client.ts";
import { usualSocketPath } from "../attach/socket_place.ts";
import type { CommandContext } from "../context.ts";
import { BottleError, reasonOf } from "../errors.ts";
import { type StateEntry, StateStore } from "../state/state_store.ts";
import { hostStdio } from "../terminal/stdio.ts";

/**
 * Joins the terminal of a running bottle's agent until the agent ends or the detach key is typed.
 * Resolves with the agent's exit code, or 0 when the agent goes on.
 */
export async function run(context: CommandContext, { slug }: { slug: string }): Promise<number> {
  const { terminal } = context;
  const entry = await new StateStore(context.home).entry(slug);
  if (!entry.live) throw notRunning(slug);
  const outcome = await join(context, entry);
  if (outcome.kind === "ended") return outcome.code;
  if (outcome.kind === "detached") {
    terminal.info(`left ${slug}, which goes on; bot-bottle attach ${slug} joins it again`);
    return 0;
  }
  throw new BottleError(`Cannot stay attached to ${slug}: the process that runs it hung up`, {
    hint: "bot-bottle list active shows whether it still runs",
  });
}

async function join(context: CommandContext, entry: StateEntry): Promise<AttachOutcome> {
  const { terminal, signal } = context;
  const { slug, path, metadata } = entry;
  const socket = metadata?.attach_socket ?? usualSocketPath(path);
  const stdio = hostStdio({ tty: terminal.isTty });
  if (terminal.isTty) terminal.info(`joining ${slug}; Ctrl-] d leaves it running`);
  const screen = await terminal.screen();
  try {
    if (terminal.isTty) {
      screen.dress(`${metadata?.label ?? slug} - bot-bottle`, metadata?.color);
      using _raw = screen.raw();
      return await attachTo(socket, { stdio, signal });
    }
    return await attachTo(socket, { stdio, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new BottleError(`Cannot attach to ${slug}: ${reasonOf(error)}`, {
      hint: "it is just starting or ending; try again in a moment",
      cause: error,
    });
  } finally {
    screen.restore();
  }
}

function notRunning(slug: string): BottleError {
  return new BottleError(`Cannot attach to ${slug}: no process on this machine runs it`, {
    hint: "bot-bottle list active shows what runs",
  });
}
