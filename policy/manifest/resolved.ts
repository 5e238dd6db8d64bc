import type { LogLevel } from "../egress/route.ts";
import type { EnvValue } from "./env_value.ts";
import type { GitUrl } from "./git_url.ts";
import type { EnvEntry, GitKey, GitUser, ProviderChoice, SourcedRoute } from "./layer.ts";
import type { Origin, Sourced } from "./origin.ts";

export type { EnvEntry, EnvValue, GitKey, GitUrl, GitUser, Origin, Sourced, SourcedRoute };

/** An upstream repository, complete. */
export interface ResolvedRepo {
  readonly name: string;
  readonly url: GitUrl;
  readonly key: GitKey;
  /** A key type and base64; absent means that git-gate refuses to talk to the server. */
  readonly hostKey?: string;
  readonly origin: Origin;
}

/** The provider that the agent runs on. */
export interface ResolvedProvider extends Omit<ProviderChoice, "origin"> {
  /** Absent when no bottle names a provider. */
  readonly origin?: Origin;
}

/** One agent and its bottles, put together: what a launch is planned from. */
export interface ResolvedManifest {
  readonly agent: {
    readonly name: string;
    readonly file: string;
    readonly prompt: string;
    readonly skills: readonly string[];
  };
  /** The bottles that were chosen, from the weakest to the strongest. */
  readonly bottles: readonly string[];
  /** Every bottle that took part, extended ones first. */
  readonly chain: readonly { readonly name: string; readonly file: string }[];
  readonly env: ReadonlyMap<string, EnvEntry>;
  readonly provider: ResolvedProvider;
  readonly gitGate: {
    readonly user: GitUser;
    readonly repos: readonly ResolvedRepo[];
  };
  readonly egress: {
    readonly log: LogLevel;
    /** One for each host. */
    readonly routes: readonly SourcedRoute[];
  };
  /** What is allowed but worth knowing, each one line. */
  readonly warnings: readonly string[];
}
