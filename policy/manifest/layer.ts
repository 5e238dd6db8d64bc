import type { LogLevel, Route } from "../egress/route.ts";
import type { Json } from "../json.ts";
import type { EnvValue } from "./env_value.ts";
import type { GitUrl } from "./git_url.ts";
import type { Origin, Sourced } from "./origin.ts";
import type { Located } from "./yaml_tree.ts";

/** The agent provider that a bottle chose. */
export interface ProviderChoice {
  readonly template: string;
  /** As written: relative to the folder that bot-bottle was started in; `~` is not expanded yet. */
  readonly dockerfile?: string;
  /** Name of a host environment variable. */
  readonly authToken?: string;
  readonly forwardHostCredentials: boolean;
  /** For the provider to check. */
  readonly settings: Readonly<Record<string, Json>>;
  /** Where the values of `agent_provider` stand in the origin's file. */
  readonly located?: Located;
  readonly origin: Origin;
}

/** How git-gate gets the key of an upstream. */
export type GitKey =
  | { readonly provider: "static"; readonly path: string }
  | {
    readonly provider: "gitea";
    /** Name of a host environment variable. */
    readonly forgeTokenEnv: string;
    readonly apiUrl: string;
  };

/** What one or more bottles say about an upstream repository; fields may still be missing. */
export interface RepoFields {
  readonly url?: Sourced<GitUrl>;
  readonly key?: Sourced<GitKey>;
  readonly hostKey?: Sourced<string>;
  /** Where it was named last. */
  readonly origin: Origin;
}

/** Who commits are by, each part with the file it came from. */
export interface GitUser {
  readonly name?: Sourced<string>;
  readonly email?: Sourced<string>;
}

export type EnvEntry = EnvValue & { readonly origin: Origin };

export interface SourcedRoute {
  readonly route: Route;
  readonly origin: Origin;
  /** Where each entry of its `matches` stands. */
  readonly rules?: readonly Origin[];
}

/** What a bottle says, or several put together: the values that merging works on. */
export interface Layer {
  readonly env: ReadonlyMap<string, EnvEntry>;
  readonly provider?: ProviderChoice;
  readonly gitUser: GitUser;
  readonly repos: {
    /** Drops what stands below this layer (`repos: {}`). */
    readonly clears: boolean;
    readonly byName: ReadonlyMap<string, RepoFields>;
  };
  readonly log?: Sourced<LogLevel>;
  readonly routes: readonly SourcedRoute[];
}

/** A layer that says nothing. */
export const EMPTY_LAYER: Layer = Object.freeze({
  env: new Map(),
  gitUser: Object.freeze({}),
  repos: Object.freeze({ clears: false, byName: new Map() }),
  routes: Object.freeze([]),
});

/**
 * Puts one layer over another: the upper wins where both speak, routes are put together. A route
 * that reaches both sides from one place of one file (a common base) is kept once; whether two
 * different routes have one host is for the caller to check. Associative, and
 * {@linkcode EMPTY_LAYER} changes nothing on either side.
 */
export function mergeLayers(lower: Layer, upper: Layer): Layer {
  const provider = upper.provider ?? lower.provider;
  const log = upper.log ?? lower.log;
  return {
    env: new Map([...lower.env, ...upper.env]),
    ...(provider !== undefined && { provider }),
    gitUser: { ...lower.gitUser, ...upper.gitUser },
    repos: mergeRepos(lower.repos, upper.repos),
    ...(log !== undefined && { log }),
    routes: [...new Set([...lower.routes, ...upper.routes])],
  };
}

function mergeRepos(lower: Layer["repos"], upper: Layer["repos"]): Layer["repos"] {
  if (upper.clears) return upper;
  const byName = new Map(lower.byName);
  for (const [name, fields] of upper.byName) {
    byName.set(name, { ...byName.get(name), ...fields });
  }
  return { clears: lower.clears, byName };
}
