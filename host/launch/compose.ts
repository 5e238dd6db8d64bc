import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import type { BottleIdentity } from "../../policy/plan.ts";
import type { ExtraHost } from "../../policy/wire/launch.ts";
import type { CommandContext } from "../context.ts";
import { BottleError } from "../errors.ts";
import type { LoadedProvider } from "../providers/door.ts";
import { resolveSkills } from "../providers/skills.ts";
import { createBottleCa } from "./ca.ts";
import { readCaBundle } from "./ca_bundle.ts";
import { resolveEnvironment } from "./environment.ts";
import { parseExtraHosts } from "./extra_hosts.ts";
import { imagePlan } from "./image.ts";
import { planBottle, type PlannedBottle } from "./plan.ts";
import { provisionBottle } from "./provision.ts";
import { queueFolder } from "../state/queue_folder.ts";
import { workdirOf, workspaceFolder } from "./workspace.ts";

/** A bottle to be, as the operator asked for it. */
export interface BottleRequest {
  readonly identity: BottleIdentity;
  readonly manifest: ResolvedManifest;
  readonly provider: LoadedProvider;
  readonly copyWorkspace: boolean;
  readonly headlessPrompt?: string;
  readonly remoteControl: boolean;
  /** Asks a person without echo; absent when nobody can be asked. */
  readonly ask?: (question: string) => Promise<string>;
  /** Services of this machine that stand in for hosts of the Internet, as in the demo. */
  readonly standIn?: { readonly hosts: readonly ExtraHost[]; readonly caPem: string };
}

/** A planned bottle, the agent's command line and what the preflight says of the workspace. */
export interface ComposedBottle extends PlannedBottle {
  readonly argv: readonly string[];
  readonly workspace: string;
}

/**
 * Gathers from the host all that the request leaves open and makes the plan. Makes nothing on the
 * machine. Throws BottleError or UsageError with the place and the remedy.
 */
export async function composeBottle(
  context: CommandContext,
  request: BottleRequest,
): Promise<ComposedBottle> {
  const { identity, manifest, provider, standIn } = request;
  const { env, home, cwd } = context;
  const userHome = requireUserHome(env("HOME"));
  const workdir = workdirOf(provider.user);
  const provisioning = provisionBottle(request, workdir);
  const workspace = request.copyWorkspace
    ? [await workspaceFolder(cwd, { home, userHome, workdir })]
    : [];
  const [skills, image, ca, upstreamCa, environment] = await Promise.all([
    resolveSkills(manifest.agent.skills, {
      homeDirectory: userHome,
      skillsDirectory: provider.skillsDirectory,
    }),
    imagePlan(manifest, provider, { cwd, userHome }),
    createBottleCa(identity.slug),
    readCaBundle({
      configured: env("BOT_BOTTLE_CA_BUNDLE"),
      cacheFolder: `${home}/cache`,
    }),
    resolveEnvironment(manifest.env, { env, ...(request.ask && { ask: request.ask }) }),
  ]);
  const planned = planBottle({
    identity,
    manifest,
    provider,
    provisioning,
    image,
    workdir,
    folders: [...skills, ...workspace],
    environment,
    ca,
    upstreamCa: upstreamCa + (standIn?.caPem ?? ""),
    extraHosts: [...standIn?.hosts ?? [], ...parseExtraHosts(env("BOT_BOTTLE_EXTRA_HOSTS"))],
    queueFolder: queueFolder(home, identity.slug),
    env,
  });
  const notes = [...manifest.warnings, ...planned.notes, ...provisioning.notes ?? []];
  const copied = workspace[0];
  return {
    ...planned,
    notes,
    argv: provisioning.argv,
    workspace: copied ? `a copy of ${copied.hostPath}` : "empty (--cwd copies the current folder)",
  };
}

function requireUserHome(home: string | undefined): string {
  if (home) return home;
  throw new BottleError("Cannot find your home folder: HOME is not set", {
    hint: "export HOME, then start again",
  });
}
