import type { AgentProvider, Provisioning } from "../../providers/provider.ts";
import type { EgressPolicy, Route } from "../../policy/egress/route.ts";
import { HOLD_VARIABLE, holdTimeout } from "../../policy/hold_timeout.ts";
import { claimHosts } from "../../policy/manifest/claim.ts";
import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import type {
  BottleCa,
  BottleFile,
  BottleFolder,
  BottleIdentity,
  BottlePlan,
  ImagePlan,
} from "../../policy/plan.ts";
import type { ExtraHost } from "../../policy/wire/launch.ts";
import { BottleError } from "../errors.ts";
import { gitConfig } from "./git_config.ts";
import { planTokens } from "./tokens.ts";

/** Everything that was found out on the host and that a plan is made of. */
export interface PlanInputs {
  readonly identity: BottleIdentity;
  readonly manifest: ResolvedManifest;
  readonly provider: AgentProvider;
  readonly provisioning: Provisioning;
  readonly image: ImagePlan;
  readonly workdir: string;
  /** Skills and the workspace. */
  readonly folders: readonly BottleFolder[];
  /** The manifest's `env`, resolved. */
  readonly environment: Readonly<Record<string, string>>;
  readonly ca: BottleCa;
  readonly upstreamCa: string;
  readonly extraHosts: readonly ExtraHost[];
  /** Absolute path of the bottle's proposal queue. */
  readonly queueFolder: string;
  env(name: string): string | undefined;
}

/** A plan, and what the operator should know about how it came to be. */
export interface PlannedBottle {
  readonly plan: BottlePlan;
  /** The routes as the manifest and the provider name them, for the preflight. */
  readonly routes: readonly Route[];
  readonly notes: readonly string[];
}

/**
 * Makes the plan that a backend launches from. Throws BottleError when a credential would become
 * visible inside the bottle or cannot be sent in a header.
 */
export function planBottle(inputs: PlanInputs): PlannedBottle {
  const { identity, manifest, provider, provisioning } = inputs;
  const claimed = claimHosts(manifest.egress.routes, provisioning.routes);
  const tokens = planTokens(claimed.routes, inputs.env);
  const timeout = holdTimeout(inputs.env(HOLD_VARIABLE));
  const policy: EgressPolicy = { log: manifest.egress.log, routes: tokens.routes };
  const plan: BottlePlan = {
    identity,
    image: inputs.image,
    agent: {
      user: provider.user,
      workdir: inputs.workdir,
      env: { ...inputs.environment, ...provisioning.env },
      files: [...gitFiles(inputs), ...provisioning.files],
      folders: inputs.folders,
      setup: provisioning.setup,
    },
    sidecar: {
      services: ["egress", "dns"],
      policy,
      tokens: tokens.tokens,
      ca: inputs.ca,
      upstreamCa: inputs.upstreamCa,
      extraHosts: inputs.extraHosts,
      queue: { folder: inputs.queueFolder, timeoutSeconds: timeout.seconds },
    },
  };
  assertTokensUsable(plan);
  assertTokensStayOutside(plan);
  return {
    plan,
    routes: claimed.routes,
    notes: [
      ...claimed.notes,
      ...missingNotes(tokens.missing),
      ...absentNotes(inputs),
      ...(timeout.warning === undefined ? [] : [timeout.warning]),
    ],
  };
}

function gitFiles({ manifest, provider }: PlanInputs): BottleFile[] {
  const content = gitConfig({
    name: manifest.gitGate.user.name?.value,
    email: manifest.gitGate.user.email?.value,
  });
  if (content === "") return [];
  return [{ path: `${provider.user.home}/.gitconfig`, content, mode: 0o644, owner: "agent" }];
}

function missingNotes(missing: ReadonlyMap<string, readonly string[]>): string[] {
  return [...missing].map(([variable, hosts]) =>
    `${variable} is not set: requests to ${hosts.join(", ")} will be refused`
  );
}

/** Whoever relies on a part that this version does not have yet must not think that it works. */
function absentNotes({ manifest }: PlanInputs): string[] {
  const gate = "this version has no git gate: `git-gate.repos` cannot be reached yet";
  return manifest.gitGate.repos.length > 0 ? [gate] : [];
}

/** RFC 9110, section 5.5: a field value of visible ASCII; anything else cannot be a credential. */
const SENDABLE = /^[\x21-\x7e]+$/;

function assertTokensUsable(plan: BottlePlan): void {
  for (const secret of plan.sidecar.tokens.values()) {
    if (SENDABLE.test(secret.reveal())) continue;
    throw new BottleError("Cannot use a token: its value has spaces, line ends or non-ASCII", {
      hint: "export the bare token, without quotes or a final newline",
    });
  }
}

/** Shorter values are words that may well stand elsewhere by chance. */
const RECOGNISABLE_LENGTH = 8;

/** A manifest that also hands a route's token to the agent would defeat the whole arrangement. */
function assertTokensStayOutside(plan: BottlePlan): void {
  const values = [...plan.sidecar.tokens.values()].map((secret) => secret.reveal())
    .filter((value) => value.length >= RECOGNISABLE_LENGTH);
  const shows = (text: string): boolean => values.some((value) => text.includes(value));
  const decoder = new TextDecoder();
  for (const [name, value] of Object.entries(plan.agent.env)) {
    if (shows(value)) throw visible(`the environment variable ${name}`);
  }
  for (const { path, content } of plan.agent.files) {
    const text = typeof content === "string" ? content : decoder.decode(content);
    if (shows(text)) throw visible(`the file ${path}`);
  }
}

function visible(where: string): BottleError {
  return new BottleError(`Cannot start: ${where} would show the agent a token of its own route`, {
    hint: "the sidecar adds the token to requests; remove it from what the agent is given",
  });
}
