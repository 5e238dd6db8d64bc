/**
 * The public face of bot-bottle: what a provider plugin is written with and the pure policy
 * functions that a bottle's proxy decides with. Run directly it is the command line.
 *
 * @example A provider plugin
 * ```ts
 * import { defineProvider, nodeUser } from "@bot-bottle/cli";
 * ```
 *
 * @module
 */
export type {
  AgentProvider,
  CredentialKind,
  ProviderContext,
  Provisioning,
  SettingsIssue,
  SettingsResult,
} from "./providers/provider.ts";
export { defineProvider, nodeUser } from "./providers/define.ts";
export type { DefinedContext, ProviderDefinition } from "./providers/define.ts";
export type { Setting, SettingFields, SettingsOf } from "./providers/settings.ts";
export type { BottleFile, BottleUser, Color } from "./policy/plan.ts";
export type { Json } from "./policy/json.ts";
export { DEFAULT_DLP } from "./policy/egress/route.ts";
export type {
  DlpSettings,
  EgressPolicy,
  HeaderMatch,
  MatchEntry,
  PathMatch,
  Route,
  RouteAuth,
} from "./policy/egress/route.ts";
export { canonicalHost } from "./policy/egress/host.ts";
export { canonicalTarget } from "./policy/egress/path.ts";
export { compilePolicy } from "./policy/egress/compile.ts";
export { decideConnect, decideRequest } from "./policy/egress/decide.ts";
export { formatRoutesYaml, parseRoutesYaml } from "./policy/egress/routes_yaml.ts";

if (import.meta.main) await (await import("./cli.ts")).runProgram();
