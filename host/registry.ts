import type { Backend, BackendContext } from "../backends/backend.ts";
import type { CommandContext } from "./context.ts";
import { BottleError, UsageError } from "./errors.ts";

/** The one list of backends, strongest isolation first: the order of automatic choice. */
const BACKENDS: Readonly<Record<string, () => Promise<(context: BackendContext) => Backend>>> = {
  docker: async () => (await import("../backends/docker/mod.ts")).createDockerBackend,
};

/** The one list of built-in providers; they pass the same door as plugins. */
export const BUILT_IN_PROVIDERS: Readonly<Record<string, () => Promise<unknown>>> = {
  claude: () => import("../providers/claude/mod.ts"),
  demo: () => import("../providers/demo/mod.ts"),
};

/** What `bot-bottle demo` runs on the host for the demo's agent to reach. */
export const loadDemoUpstream = (): Promise<typeof import("../providers/demo/upstream.ts")> =>
  import("../providers/demo/upstream.ts");

/** Names of all backends, strongest isolation first. */
export const backendNames: readonly string[] = Object.freeze(Object.keys(BACKENDS));

/** The backend of that name. Throws UsageError for a name that is none. */
export async function openBackend(name: string, context: CommandContext): Promise<Backend> {
  const load = Object.hasOwn(BACKENDS, name) ? BACKENDS[name] : undefined;
  if (!load) {
    throw new UsageError(`Cannot use backend ${JSON.stringify(name)}: there is no such backend`, {
      hint: `choose one of ${backendNames.join(", ")}`,
    });
  }
  const create = await load();
  return create(backendContext(context));
}

/**
 * Every backend that can be used here now, strongest isolation first. When there is none the user
 * is told why: an engine that does not answer must not look like one on which nothing runs.
 */
export async function availableBackends(context: CommandContext): Promise<readonly Backend[]> {
  const asked = await Promise.all(backendNames.map(async (name) => {
    const backend = await openBackend(name, context);
    return { backend, state: await backend.isAvailable() };
  }));
  const available = asked.filter(({ state }) => state.available).map(({ backend }) => backend);
  if (available.length > 0) return available;
  for (const { backend, state } of asked) {
    if (state.available) continue;
    context.terminal.warn(`Cannot look at ${backend.name}: ${state.reason}`, state.remedy);
  }
  return available;
}

/** A backend and the words that tell why it was taken. */
export interface BackendChoice {
  readonly backend: Backend;
  readonly why: string;
}

/**
 * Takes the backend that was asked for (`--backend`, then BOT_BOTTLE_BACKEND), else the strongest
 * that is available. Throws BottleError with the shortest remedy when that one, or all, cannot run.
 */
export async function chooseBackend(
  context: CommandContext,
  asked: string | undefined,
): Promise<BackendChoice> {
  const configured = asked ?? (context.env("BOT_BOTTLE_BACKEND") || undefined);
  if (configured !== undefined) {
    const why = asked !== undefined ? "asked for with --backend" : "set by BOT_BOTTLE_BACKEND";
    return { backend: await requireAvailable(configured, context), why };
  }
  const refusals: string[] = [];
  for (const name of backendNames) {
    const backend = await openBackend(name, context);
    const state = await backend.isAvailable();
    if (state.available) return { backend, why: explainChoice(refusals, state.detail) };
    refusals.push(`${name}: ${state.reason}; ${state.remedy}`);
  }
  throw new BottleError(`Cannot start a bottle: no backend is available`, {
    hint: refusals.join("\n"),
  });
}

async function requireAvailable(name: string, context: CommandContext): Promise<Backend> {
  const backend = await openBackend(name, context);
  const state = await backend.isAvailable();
  if (state.available) return backend;
  throw new BottleError(`Cannot use backend ${name}: ${state.reason}`, { hint: state.remedy });
}

function explainChoice(refusals: readonly string[], detail: string): string {
  const passedOver = refusals.map((line) => line.slice(0, line.indexOf(":"))).join(", ");
  const why = passedOver === ""
    ? "the strongest available"
    : `the strongest available; not ${passedOver}`;
  return detail === "" ? why : `${why}; ${detail}`;
}

function backendContext(context: CommandContext): BackendContext {
  return {
    home: context.home,
    env: context.env,
    hostCaBundle: async () => {
      const { readCaBundle } = await import("./launch/ca_bundle.ts");
      const configured = context.env("BOT_BOTTLE_CA_BUNDLE");
      return await readCaBundle({ configured, cacheFolder: `${context.home}/cache` });
    },
    sidecarSources: async () => await (await import("./sidecar_sources.ts")).readSidecarSources(),
  };
}
