import { bottleEnv } from "../bottle_env.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Layer, SourcedRoute } from "./layer.ts";
import type { Origin } from "./origin.ts";
import type { ResolvedRepo } from "./resolved.ts";
import { looksLikeToken } from "./token_name.ts";

/** A diagnostic about the place that a value came from. */
export function complaint(origin: Origin, message: string, hint: string): Diagnostic {
  const { file, line, column, keyPath } = origin;
  return { file, line, column, keyPath, message, hint };
}

/** What is wrong with bottles that are right one by one. */
export function conflicts(layer: Layer): readonly Diagnostic[] {
  return [...repeatedHosts(layer.routes), ...exposedTokens(layer)];
}

function repeatedHosts(routes: readonly SourcedRoute[]): readonly Diagnostic[] {
  const first = new Map<string, Origin>();
  return routes.flatMap(({ route, origin }) => {
    const earlier = first.get(route.host);
    if (earlier === undefined) {
      first.set(route.host, origin);
      return [];
    }
    const message = `${earlier.kind} \`${earlier.name}\` has a route for ${route.host} already`;
    const hint = `keep one of the two: the other is at ${earlier.file}:${earlier.line}`;
    return [complaint({ ...origin, keyPath: `${origin.keyPath}.host` }, message, hint)];
  });
}

/**
 * Host variables that are handed into the bottle although something else keeps them out of it: a
 * credential that the sidecar injects must not be readable inside.
 */
function exposedTokens(layer: Layer): readonly Diagnostic[] {
  const uses = tokenUses(layer);
  return [...layer.env].flatMap(([name, entry]) => {
    const use = entry.kind === "host" ? uses.get(entry.variable) : undefined;
    if (use === undefined) return [];
    const message = `\`${name}\` would show the bottle a credential: ${use}`;
    const hint = "remove this variable: the sidecar adds the credential outside the bottle";
    return [complaint(entry.origin, message, hint)];
  });
}

function tokenUses(layer: Layer): ReadonlyMap<string, string> {
  const uses = new Map<string, string>();
  for (const { route } of layer.routes) {
    if (route.auth) uses.set(route.auth.tokenEnv, `the token of the route ${route.host}`);
  }
  const { provider } = layer;
  if (provider?.authToken !== undefined) {
    uses.set(provider.authToken, `the account's token of ${provider.template}`);
  }
  for (const [name, repo] of layer.repos.byName) {
    const key = repo.key?.value;
    if (key?.provider === "gitea") uses.set(key.forgeTokenEnv, `the forge's token of ${name}`);
  }
  return uses;
}

/** The repositories of a layer, and what is missing in those that are incomplete. */
export function completeRepos(
  layer: Layer,
): { readonly repos: readonly ResolvedRepo[]; readonly diagnostics: readonly Diagnostic[] } {
  const repos: ResolvedRepo[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const [name, { url, key, hostKey, origin }] of layer.repos.byName) {
    if (url !== undefined && key !== undefined) {
      const pinned = hostKey === undefined ? {} : { hostKey: hostKey.value };
      repos.push({ name, url: url.value, key: key.value, ...pinned, origin });
      continue;
    }
    const lacking = [url ? [] : ["url"], key ? [] : ["key"]].flat().join(" and ");
    const hint = "give it here or in a bottle that this one extends";
    diagnostics.push(complaint(origin, `no bottle gives the ${lacking} of \`${name}\``, hint));
  }
  return { repos, diagnostics };
}

/** What is allowed but worth knowing. */
export function warningsOf(layer: Layer, repos: readonly ResolvedRepo[]): readonly string[] {
  const where = (origin: Origin): string => `${origin.file}:${origin.line}`;
  const unpinned = repos.filter((repo) => repo.hostKey === undefined).map((repo) => {
    return `${where(repo.origin)}: \`${repo.name}\` has no host_key, so git-gate will refuse to ` +
      "fetch from it or push to it";
  });
  const visible = [...layer.env].flatMap(([name, entry]) => {
    if (entry.kind !== "literal" || !looksLikeToken(entry.value)) return [];
    return `${where(entry.origin)}: \`${name}\` looks like a credential, and the agent can read ` +
      "it; a route with `auth` keeps it outside";
  });
  const unused = overruledNames(layer).map((name) => {
    const place = layer.env.get(name);
    return `${
      place === undefined ? "" : `${where(place.origin)}: `
    }\`${name}\` is set or removed ` +
      "by bot-bottle itself in every bottle, so this value is not used";
  });
  return [...unpinned, ...visible, ...unused];
}

/** Names of the environment whose value a bottle does not take from its manifest. */
function overruledNames(layer: Layer): readonly string[] {
  const mark = "from the manifest";
  const env = Object.fromEntries([...layer.env.keys()].map((name) => [name, mark]));
  const user = { name: "", uid: 0, gid: 0, home: "" };
  const merged = bottleEnv({ user, env, sidecar: "", caFile: "", bundleFile: "" });
  return [...layer.env.keys()].filter((name) => merged[name] !== mark);
}
