import { toRoute } from "../egress/route_schema.ts";
import type { RouteAuth } from "../egress/route.ts";
import type { Json } from "../json.ts";
import { BottleSchema, type RawBottle } from "./bottle_schema.ts";
import { checkFrontmatter } from "./check.ts";
import { parseEnvValue } from "./env_value.ts";
import { type Frontmatter, parseFrontmatter } from "./frontmatter.ts";
import { parseGitUrl } from "./git_url.ts";
import { parseHostKey } from "./host_key.ts";
import type {
  EnvEntry,
  GitKey,
  GitUser,
  Layer,
  ProviderChoice,
  RepoFields,
  SourcedRoute,
} from "./layer.ts";
import { type Origin, originsOf, type Sourced } from "./origin.ts";

/** A bottle's file, checked; what it extends is not looked at yet. */
export interface BottleManifest {
  readonly name: string;
  readonly file: string;
  /** Names of bottles, from the weakest to the strongest, each with where it stands. */
  readonly extends: readonly Sourced<string>[];
  readonly layer: Layer;
}

/** The provider of a bottle that names none. */
export const DEFAULT_TEMPLATE = "claude";

type OriginAt = (...path: readonly (string | number)[]) => Origin;

/**
 * Reads the file of a bottle. `file` is the name that messages show. Throws
 * {@linkcode ManifestError} with everything that is wrong in it.
 */
export function parseBottle(
  source: { readonly name: string; readonly file: string },
  bytes: Uint8Array,
): BottleManifest {
  const frontmatter = parseFrontmatter(source.file, bytes);
  const raw = checkFrontmatter(BottleSchema, frontmatter);
  const at = originsOf(frontmatter, { kind: "bottle", name: source.name });
  return { ...source, extends: toExtends(raw.extends, at), layer: toLayer(raw, frontmatter, at) };
}

function toExtends(raw: RawBottle["extends"], at: OriginAt): readonly Sourced<string>[] {
  if (raw === undefined) return [];
  if (typeof raw === "string") return [{ value: raw, origin: at("extends") }];
  return raw.map((value, index) => ({ value, origin: at("extends", index) }));
}

function toLayer(raw: RawBottle, frontmatter: Frontmatter, at: OriginAt): Layer {
  const gate = raw["git-gate"];
  const { log, routes = [] } = raw.egress ?? {};
  const provider = toProvider(raw.agent_provider, frontmatter, at("agent_provider"));
  return {
    env: toEnv(raw.env ?? {}, at),
    ...(provider !== undefined && { provider }),
    gitUser: toGitUser(gate?.user, at),
    repos: {
      clears: gate?.repos !== undefined && Object.keys(gate.repos).length === 0,
      byName: toRepos(gate?.repos ?? {}, at),
    },
    ...(log !== undefined && { log: { value: log, origin: at("egress", "log") } }),
    routes: routes.map((route, index) => toSourcedRoute(route, index, at)),
  };
}

function toEnv(raw: Readonly<Record<string, string>>, at: OriginAt): Layer["env"] {
  const env = new Map<string, EnvEntry>();
  for (const [name, text] of Object.entries(raw)) {
    const parsed = parseEnvValue(text);
    if (parsed.ok) env.set(name, { ...parsed.value, origin: at("env", name) });
  }
  return env;
}

function toProvider(
  raw: RawBottle["agent_provider"],
  frontmatter: Frontmatter,
  origin: Origin,
): ProviderChoice | undefined {
  if (raw === undefined) return undefined;
  const located = frontmatter.located.children.get("agent_provider");
  return {
    template: raw.template ?? DEFAULT_TEMPLATE,
    ...(raw.dockerfile !== undefined && { dockerfile: raw.dockerfile }),
    ...(raw.auth_token !== undefined && { authToken: raw.auth_token }),
    forwardHostCredentials: raw.forward_host_credentials ?? false,
    settings: ordinary(raw.settings ?? {}),
    ...(located !== undefined && { located }),
    origin,
  };
}

/** The same data in objects with the usual prototype, which plugin authors expect. */
function ordinary(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, Json>> {
  return JSON.parse(JSON.stringify(settings));
}

/** Reads `git-gate.user` of a bottle or an agent; empty texts say nothing. */
export function toGitUser(
  raw: { readonly name?: string; readonly email?: string } | undefined,
  at: OriginAt,
): GitUser {
  const part = (key: "name" | "email"): Sourced<string> | undefined => {
    const value = raw?.[key]?.trim() ?? "";
    return value === "" ? undefined : { value, origin: at("git-gate", "user", key) };
  };
  const name = part("name");
  const email = part("email");
  return { ...(name !== undefined && { name }), ...(email !== undefined && { email }) };
}

type RawRepos = NonNullable<NonNullable<RawBottle["git-gate"]>["repos"]>;
type RawRepo = RawRepos[string];

function toRepos(raw: RawRepos, at: OriginAt): ReadonlyMap<string, RepoFields> {
  return new Map(Object.entries(raw).map(([name, repo]) => [name, toRepo(name, repo, at)]));
}

function toRepo(name: string, raw: RawRepo, at: OriginAt): RepoFields {
  const origin = at("git-gate", "repos", name);
  const url = raw.url === undefined ? undefined : parseGitUrl(raw.url);
  const hostKey = raw.host_key === undefined ? undefined : parseHostKey(raw.host_key);
  const from = <T>(key: string, value: T): Sourced<T> => {
    return { value, origin: at("git-gate", "repos", name, key) };
  };
  return {
    ...(url?.ok && { url: from("url", url.url) }),
    ...(raw.key !== undefined && { key: from("key", toKey(raw.key)) }),
    ...(hostKey?.ok && { hostKey: from("host_key", hostKey.hostKey) }),
    origin,
  };
}

function toKey(raw: NonNullable<RawRepo["key"]>): GitKey {
  if (raw.provider === "static") return { provider: "static", path: raw.path };
  return { provider: "gitea", forgeTokenEnv: raw.forge_token_env, apiUrl: raw.api_url };
}

type RawRoute = NonNullable<NonNullable<RawBottle["egress"]>["routes"]>[number];

function toSourcedRoute(raw: RawRoute, index: number, at: OriginAt): SourcedRoute {
  const auth: RouteAuth | undefined = raw.auth === undefined
    ? undefined
    : { scheme: raw.auth.scheme, tokenEnv: raw.auth.token_ref };
  const rules = raw.matches?.map((_, rule) => at("egress", "routes", index, "matches", rule));
  return {
    route: toRoute(raw, auth),
    origin: at("egress", "routes", index),
    ...(rules && { rules }),
  };
}
