import type { Backend, Bottle, Stdio } from "../../backends/backend.ts";
import type { BottleIdentity } from "../../policy/plan.ts";
import { createAttachHub } from "../attach/hub.ts";
import { findSocketPlace, type SocketPlace } from "../attach/socket_place.ts";
import type { CommandContext } from "../context.ts";
import type { NewMetadata, OwnedState } from "../state/owned_state.ts";
import { handOverAnswers } from "../state/queue_answers.ts";
import { makeQueue, queueFolder, removeQueue, settleQueue } from "../state/queue_folder.ts";
import { noticeQuestions } from "../supervise/notices.ts";
import { hostStdio } from "../terminal/stdio.ts";
import type { ComposedBottle } from "./compose.ts";

/** What a session runs. */
export interface SessionInputs {
  readonly backend: Backend;
  readonly composed: ComposedBottle;
  /** Held for this bottle; the caller closes it. */
  readonly state: OwnedState;
  /** `terminal`: the agent gets this terminal; `output`: it only writes. */
  readonly stdio: "terminal" | "output";
  /** Is the workspace a copy of the current folder? */
  readonly workspace: boolean;
}

/**
 * Launches the bottle, runs its agent to the end and removes the bottle whatever happens, in the
 * reverse order of making. Resolves with the agent's exit code. The state is marked to be kept when
 * the agent failed by itself.
 */
export async function runSession(context: CommandContext, inputs: SessionInputs): Promise<number> {
  const { state } = inputs;
  await using cleanup = new AsyncDisposableStack();
  const socket = await findSocketPlace(state.path, context.env("XDG_RUNTIME_DIR"));
  cleanup.defer(() => socket.release());
  await state.writeMetadata(metadataOf(context, inputs, socket));
  let isKept = false;
  cleanup.defer(() => closeQueue(context, { slug: state.slug, isKept }));
  await makeQueue(context.home, state.slug);
  cleanup.use(handOverAnswers(queueFolder(context.home, state.slug)));
  const bottle = await launch(context, inputs);
  cleanup.defer(() => close(context, bottle));
  const code = await runAgent(context, { ...inputs, bottle, socket });
  const ended = code === 0 || context.signal.aborted || await state.wasStopped();
  if (!ended) {
    isKept = true;
    await keepState(context, state, code);
  }
  return code;
}

function metadataOf(
  { cwd }: CommandContext,
  { backend, composed, workspace }: SessionInputs,
  socket: SocketPlace,
): NewMetadata {
  const { slug: _, bottles, ...identity }: BottleIdentity = composed.plan.identity;
  return {
    ...identity,
    bottles: [...bottles],
    backend: backend.name,
    cwd,
    workspace,
    started_at: new Date().toISOString(),
    ...(socket.elsewhere && { attach_socket: socket.path }),
  };
}

async function launch(
  { terminal, signal }: CommandContext,
  { backend, composed }: SessionInputs,
): Promise<Bottle> {
  using progress = terminal.progress();
  const prepared = await backend.prepare(composed.plan, { progress, signal });
  return await prepared.launch({ progress, signal });
}

async function runAgent(
  { home, terminal, signal }: CommandContext,
  { composed, stdio, bottle, socket }: SessionInputs & { bottle: Bottle; socket: SocketPlace },
): Promise<number> {
  const { argv, plan: { identity } } = composed;
  const run = async (own: Stdio): Promise<number> => {
    await using hub = await createAttachHub(own, socket.path);
    const code = await bottle.execAgent(argv, hub.stdio, { signal });
    await hub.finish(code);
    return code;
  };
  if (stdio === "output") {
    // An agent with a terminal owns it: there nothing else may write.
    using _notices = noticeQuestions({ home, terminal }, identity.slug);
    return await run(hostStdio({ tty: false, noInput: true }));
  }
  const screen = await terminal.screen();
  screen.dress(`${identity.label ?? identity.slug} - bot-bottle`, identity.color);
  try {
    using _raw = screen.raw();
    return await run(hostStdio({ tty: true }));
  } finally {
    screen.restore();
  }
}

/** What a bottle asked and was told is kept as long as its state is. */
async function closeQueue(
  { home }: CommandContext,
  { slug, isKept }: { slug: string; isKept: boolean },
): Promise<void> {
  if (isKept) await settleQueue(home, slug);
  else await removeQueue(home, slug);
}

async function keepState(
  { terminal }: CommandContext,
  state: OwnedState,
  code: number,
): Promise<void> {
  await state.preserve(`the agent ended with exit code ${code}`);
  terminal.warn(
    `The agent ended with exit code ${code}; ${state.path} was kept`,
    "remove the folder when it is of no more use",
  );
}

async function close({ terminal }: CommandContext, bottle: Bottle): Promise<void> {
  const closing = bottle.close();
  using progress = terminal.progress();
  progress.step("removing the bottle");
  await closing;
}
