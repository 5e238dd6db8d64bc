import type { BottleIdentity, Color } from "../../policy/plan.ts";
import type { CommandContext } from "../context.ts";
import { Interrupted, reasonOf, UsageError } from "../errors.ts";
import { type BottleRequest, composeBottle, type ComposedBottle } from "../launch/compose.ts";
import { preflightRows } from "../launch/preflight.ts";
import { proposeSlug, reserveSlug } from "../launch/reservation.ts";
import {
  checkLabel,
  completeSelection,
  type GivenSelection,
  parseColor,
  pickSelection,
  type Selection,
} from "../launch/selection.ts";
import { runSession } from "../launch/session.ts";
import { ManifestStore } from "../manifests/store.ts";
import { loadProvider } from "../providers/load.ts";
import { type BackendChoice, chooseBackend } from "../registry.ts";
import { StateStore } from "../state/state_store.ts";

/** The command line of `start`, as written. */
export interface StartOptions {
  readonly agent?: string;
  readonly bottle?: readonly string[];
  readonly backend?: string;
  readonly cwd?: boolean;
  readonly label?: string;
  readonly color?: string;
  readonly dryRun?: boolean;
  readonly remoteControl?: boolean;
  readonly headless?: boolean;
  readonly prompt?: string;
}

/** Starts an agent in a bottle, waits for its end and removes the bottle. The agent's exit code. */
export async function run(context: CommandContext, options: StartOptions): Promise<number> {
  checkUsage(context, options);
  // The engine is asked while the manifests are read; a refusal surfaces where it is awaited.
  const choosing = chooseBackend(context, options.backend);
  choosing.catch(() => {});
  const state = new StateStore(context.home);
  const store = new ManifestStore(context);
  const selection = await select(context, { options, store, state });
  const { agent, bottles } = selection;
  const manifest = await store.resolve({ agent, bottles });
  const provider = await loadProvider(manifest.provider.template, context);
  const dryRun = isDryRun(context, options);
  const wish = { ...selection, numbered: options.headless ?? false };
  await using reserved = dryRun ? undefined : await reserveSlug(state, wish);
  const identity = identify(selection, {
    bottles: manifest.bottles,
    provider: provider.name,
    slug: reserved?.slug ?? await proposeSlug(state, wish),
  });
  const request: BottleRequest = {
    identity,
    manifest,
    provider,
    copyWorkspace: options.cwd ?? false,
    remoteControl: options.remoteControl ?? false,
    ...(options.prompt !== undefined && { headlessPrompt: options.prompt }),
    ...(!options.headless && { ask: dryRun ? leftOpen : asker(context) }),
  };
  const composed = await composeBottle(context, request);
  if (!reserved) return showDryRun(context, { request, composed, choosing });
  const choice = await choosing;
  showPreflight(context, { request, composed, backend: describe(choice) });
  if (!options.headless) await confirm(context);
  return await runSession(context, {
    backend: choice.backend,
    composed,
    state: reserved,
    stdio: options.headless ? "output" : "terminal",
    workspace: options.cwd ?? false,
  });
}

function checkUsage({ terminal }: CommandContext, options: StartOptions): void {
  const { headless = false, dryRun = false, prompt } = options;
  if (headless && prompt === undefined) {
    throw new UsageError("Cannot start headless: there is no prompt", {
      hint: "say what to do with --prompt TEXT",
    });
  }
  if (!headless && prompt !== undefined) {
    throw new UsageError("Cannot use --prompt: it is for headless runs", {
      hint: "add --headless",
    });
  }
  if (!headless && !dryRun && !(terminal.interactive && terminal.isTty)) {
    throw new UsageError("Cannot start: the agent needs a terminal, and this is none", {
      hint: "run it on a terminal, or with --headless --prompt TEXT",
    });
  }
}

async function select(
  context: CommandContext,
  { options, store, state }: { options: StartOptions; store: ManifestStore; state: StateStore },
): Promise<Selection> {
  const given: GivenSelection = {
    bottles: options.bottle ?? [],
    ...(options.agent !== undefined && { agent: options.agent }),
    ...(options.label !== undefined && { label: checkLabel(options.label) }),
    ...(options.color !== undefined && { color: parseColor(options.color) }),
  };
  if (options.headless || options.dryRun || !context.terminal.interactive) {
    return completeSelection(given);
  }
  return await pickSelection(context, store, { given, takenSlugs: new Set(await state.slugs()) });
}

function identify(
  { agent, label, color }: { agent: string; label?: string; color?: Color },
  found: Pick<BottleIdentity, "bottles" | "provider" | "slug">,
): BottleIdentity {
  return {
    ...found,
    agent,
    ...(label !== undefined && { label }),
    ...(color !== undefined && { color }),
  };
}

/** Loads the library that asks only when there is something to ask. */
function asker({ terminal }: CommandContext): (question: string) => Promise<string> {
  return async (question) => await (await terminal.prompts()).secret(question);
}

/** A dry run shows no value, so it asks for none. */
function leftOpen(): Promise<string> {
  return Promise.resolve("");
}

/** A dry run starts nothing, so it needs no backend; it says why there is none. */
async function showDryRun(
  context: CommandContext,
  { choosing, ...parts }: {
    request: BottleRequest;
    composed: ComposedBottle;
    choosing: Promise<BackendChoice>;
  },
): Promise<number> {
  const backend = await choosing.then(describe, (error) => `none: ${reasonOf(error)}`);
  showPreflight(context, { ...parts, backend });
  return 0;
}

function describe({ backend, why }: BackendChoice): string {
  return `${backend.name}: ${why}`;
}

function showPreflight(
  { terminal }: CommandContext,
  { request, composed, backend }: {
    request: BottleRequest;
    composed: ComposedBottle;
    backend: string;
  },
): void {
  const rows = preflightRows({
    identity: request.identity,
    manifest: request.manifest,
    image: composed.plan.image.name,
    backend,
    workspace: composed.workspace,
    routes: composed.routes,
    notes: composed.notes,
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) terminal.note(`${name.padEnd(width)}  ${value}`);
}

function isDryRun(context: CommandContext, options: StartOptions): boolean {
  return options.dryRun === true || context.env("BOT_BOTTLE_DRY_RUN") === "1";
}

async function confirm({ terminal }: CommandContext): Promise<void> {
  const prompts = await terminal.prompts();
  if (!await prompts.confirm("Start this bottle?")) throw new Interrupted("Nothing was started");
}
