import type { Route } from "../policy/egress/route.ts";
import type { BottleFile, BottleUser, Color } from "../policy/plan.ts";
import type { Json } from "../policy/json.ts";

/** One thing wrong with a provider's settings. */
export interface SettingsIssue {
  /** Keys from `settings` down to the bad value; empty for the whole. */
  readonly path: readonly string[];
  readonly message: string;
  /** For an unknown key: the keys that are known here. */
  readonly allowed?: readonly string[];
}

export type SettingsResult =
  | { readonly ok: true; readonly value: Readonly<Record<string, Json>> }
  | { readonly ok: false; readonly issues: readonly SettingsIssue[] };

/** A kind of account that a provider can be given, by its key in a manifest's `agent_provider`. */
export type CredentialKind = "auth_token" | "forward_host_credentials";

/** What a provider is asked to plan for. */
export interface ProviderContext {
  /** As returned by {@linkcode AgentProvider.parseSettings}. */
  readonly settings: Readonly<Record<string, Json>>;
  /** NAME of the host's environment variable with the account's token (`auth_token`). */
  readonly authTokenEnv?: string;
  readonly forwardHostCredentials: boolean;
  /** Absolute path in the bottle that the agent starts in. */
  readonly workdir: string;
  /** The agent manifest's body; empty for none. */
  readonly prompt: string;
  readonly label?: string;
  readonly color?: Color;
  /** What to do, once, without a person; absent for an interactive run. */
  readonly headlessPrompt?: string;
  readonly resume: boolean;
  readonly remoteControl: boolean;
  /** Address of the supervise MCP server as the bottle sees it; absent while there is none. */
  readonly superviseUrl?: string;
}

/** What a provider wants done; the launcher does it. */
export interface Provisioning {
  /** Hosts that the provider claims; `tokenEnv` names a host environment variable. */
  readonly routes: readonly Route[];
  /** Placeholders only: nothing in here may be a credential. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly BottleFile[];
  /** Argument vectors to run once inside, as the agent's user, before it starts. */
  readonly setup: readonly (readonly string[])[];
  /** The complete argument vector of the agent. */
  readonly argv: readonly string[];
  /** One line each, for the operator's preflight, e.g. that no account was named. */
  readonly notes?: readonly string[];
}

/** A module that knows one agent CLI. It returns data and touches nothing. */
export interface AgentProvider {
  /** As in a manifest's `template`; `[a-z][a-z0-9-]*`. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  readonly user: BottleUser;
  /** Absolute path in the bottle under which a skill's folder is placed. */
  readonly skillsDirectory: string;
  /** Text of the Dockerfile of the agent's image; absent when a `Dockerfile` lies beside the module. */
  readonly dockerfile?: string;
  /** The kinds of account that it can use; absent means none. */
  readonly credentials?: readonly CredentialKind[];
  /** JSON Schema (2020-12) of `settings`, for editors. */
  readonly settingsSchema: Readonly<Record<string, Json>>;
  /** Checks and completes `settings`. Must not throw. */
  parseSettings(settings: Readonly<Record<string, Json>>): SettingsResult;
  provision(context: ProviderContext): Provisioning;
}
