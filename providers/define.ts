import type { BottleUser } from "../policy/plan.ts";
import type { AgentProvider, ProviderContext, Provisioning } from "./provider.ts";
import type { SettingFields, SettingsOf } from "./settings.ts";
import { parseSettings, settingsSchema, STARTUP_ARGS } from "./settings.ts";

/** The account that images made from `node:22-slim` have, and the one that bottles run under. */
export const nodeUser: BottleUser = Object.freeze({
  name: "node",
  uid: 1000,
  gid: 1000,
  home: "/home/node",
});

/** A {@linkcode ProviderContext} whose settings have the types of the provider's own fields. */
export type DefinedContext<F extends SettingFields> =
  & Omit<ProviderContext, "settings">
  & { readonly settings: SettingsOf<F & typeof STARTUP_ARGS> };

/** What a provider's author writes; what is left out gets the usual value. */
export interface ProviderDefinition<F extends SettingFields>
  extends Pick<AgentProvider, "name" | "description" | "dockerfile" | "credentials"> {
  /** Default: {@linkcode nodeUser}. */
  readonly user?: BottleUser;
  /** Default: `skills` in the user's home. */
  readonly skillsDirectory?: string;
  /** Keys of `settings` besides `startup_args`, which every provider has. */
  readonly settings?: F;
  /** Only `argv` is needed; the rest is empty when left out. */
  provision(context: DefinedContext<F>): Pick<Provisioning, "argv"> & Partial<Provisioning>;
}

/**
 * Makes a provider of its definition: settings are checked and documented from the same fields.
 *
 * @example
 * ```ts
 * import { defineProvider } from "@bot-bottle/cli";
 *
 * export default defineProvider({
 *   name: "shell",
 *   description: "A plain shell",
 *   provision: ({ settings }) => ({ argv: ["bash", ...settings.startup_args] }),
 * });
 * ```
 */
export function defineProvider<const F extends SettingFields = Record<never, never>>(
  definition: ProviderDefinition<F>,
): AgentProvider {
  const { settings: own, user = nodeUser, provision, ...rest } = definition;
  const fields = { ...own, ...STARTUP_ARGS };
  return {
    skillsDirectory: `${user.home}/skills`,
    ...rest,
    user,
    settingsSchema: settingsSchema(fields),
    parseSettings: (settings) => parseSettings(fields, settings),
    provision: (context) => ({
      routes: [],
      env: {},
      files: [],
      setup: [],
      // The settings come from parseSettings above, so they have the types of the fields.
      ...provision(context as unknown as DefinedContext<F>),
    }),
  };
}
