import { type BackendContext, BackendError, type Progress } from "../../backend.ts";
import type { ImagePlan } from "../../../policy/plan.ts";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/failure.ts";
import { LABELS } from "../labels.ts";
import { buildImage } from "./build.ts";
import type { BuildContext } from "./context.ts";
import { contextDigest } from "./context.ts";
import { withOwnDependencies } from "./dependencies.ts";
import { insertAfterFrom, trustFiles, trustLines } from "./dockerfile.ts";

/** An image that is on the engine. */
export interface Image {
  /** What people call it. */
  readonly name: string;
  /** `sha256:...` */
  readonly id: string;
}

export interface EnsureOptions {
  readonly context: BackendContext;
  readonly home: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The agent's image: a committed one as it is, else built once for each content. */
export async function ensureAgentImage(
  engine: Engine,
  plan: ImagePlan,
  options: EnsureOptions,
): Promise<Image> {
  if (plan.committed !== undefined) {
    const id = await imageId(engine, plan.committed);
    if (id !== undefined) return { name: plan.committed, id };
    throw new BackendError(
      `Cannot start the bottle: its snapshot ${plan.committed} is not on this engine`,
      { hint: "load it with `docker load`, or start the agent anew" },
    );
  }
  return await ensureBuilt(engine, {
    name: `bot-bottle-${plan.name}`,
    dockerfile: "Dockerfile",
    text: plan.dockerfile,
    texts: new Map(),
    ...(plan.contextPath === undefined ? {} : { folder: plan.contextPath }),
  }, options);
}

/** The sidecar's image: the operator's own (`BOT_BOTTLE_SIDECAR_IMAGE`), else built from source. */
export async function ensureSidecarImage(engine: Engine, options: EnsureOptions): Promise<Image> {
  const configured = await configuredSidecarImage(engine, options.context);
  return configured ?? await ensureBuilt(engine, await sidecarRecipe(options.context), options);
}

/** The sidecar's image as a launch would take it; no id: it would be built. */
export async function findSidecarImage(
  engine: Engine,
  context: BackendContext,
): Promise<{ readonly name: string; readonly id?: string }> {
  const configured = await configuredSidecarImage(engine, context);
  if (configured !== undefined) return configured;
  const name = await nameOf(await sidecarRecipe(context));
  const id = await imageId(engine, name);
  return id === undefined ? { name } : { name, id };
}

async function configuredSidecarImage(
  engine: Engine,
  context: BackendContext,
): Promise<Image | undefined> {
  const configured = context.env("BOT_BOTTLE_SIDECAR_IMAGE");
  if (!configured) return undefined;
  const id = await imageId(engine, configured);
  if (id !== undefined) return { name: configured, id };
  throw new BackendError(
    `Cannot start the sidecar: BOT_BOTTLE_SIDECAR_IMAGE names ${configured}, which is not there`,
    { hint: `pull it with \`docker pull ${configured}\`, or unset the variable` },
  );
}

async function sidecarRecipe(context: BackendContext): Promise<Recipe> {
  const sources = withOwnDependencies(await context.sidecarSources());
  const dockerfile = "sidecar/Dockerfile";
  const text = sources.get(dockerfile) ?? "";
  return { name: "bot-bottle-sidecar", dockerfile, text, texts: sources };
}

interface Recipe {
  readonly name: string;
  /** Path of the Dockerfile in the context. */
  readonly dockerfile: string;
  readonly text: string;
  readonly texts: ReadonlyMap<string, string>;
  readonly folder?: string;
}

/** What the image is called: the host's authorities only serve downloads, so have no part in it. */
async function nameOf(recipe: Recipe): Promise<string> {
  return `${recipe.name}:${await contextDigest(contextOf(recipe, [], new Map()))}`;
}

function contextOf(
  recipe: Recipe,
  lines: readonly string[],
  texts: ReadonlyMap<string, string>,
): BuildContext {
  return {
    ...(recipe.folder === undefined ? {} : { folder: recipe.folder }),
    texts: new Map([...recipe.texts, ...texts, [
      recipe.dockerfile,
      insertAfterFrom(recipe.text, lines),
    ]]),
  };
}

async function ensureBuilt(engine: Engine, recipe: Recipe, options: EnsureOptions): Promise<Image> {
  const name = await nameOf(recipe);
  const found = await imageId(engine, name);
  if (found !== undefined) return { name, id: found };
  options.signal.throwIfAborted();
  options.progress.step(`building image ${name}`);
  const pem = await options.context.hostCaBundle();
  const trust = pem === "" ? [] : trustLines();
  // Containers of a build that was cut off carry the first labels, the finished image the second.
  const mark = `LABEL ${LABELS.role}=build ${LABELS.home}=${options.home}`;
  await buildImage(engine, {
    tag: name,
    context: contextOf(recipe, [mark, ...trust], pem === "" ? new Map() : trustFiles(pem)),
    dockerfile: recipe.dockerfile,
    labels: { [LABELS.role]: "image" },
    inserted: [mark, ...trust],
  }, options);
  const id = await imageId(engine, name);
  if (id !== undefined) return { name, id };
  throw new BackendError(`Cannot build image ${name}: the engine does not have it afterwards`, {
    hint: "see the engine's own log",
  });
}

/** The image's id; undefined when the engine does not have it. */
export async function imageId(engine: Engine, name: string): Promise<string | undefined> {
  try {
    const path = `/images/${encodeURIComponent(name).replaceAll("%2F", "/")}/json`;
    return (await engine.call<{ Id: string }>("GET", path)).Id;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
