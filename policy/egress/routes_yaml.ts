import { stringify } from "yaml";
import type { Json } from "../json.ts";
import { checkFrontmatter } from "../manifest/check.ts";
import { type Diagnostic, ManifestError } from "../manifest/diagnostic.ts";
import { placeOf } from "../manifest/frontmatter.ts";
import { parseYamlMapping } from "../manifest/yaml_tree.ts";
import { formatRouteHost } from "./route_host.ts";
import {
  DEFAULT_DLP,
  type DlpSettings,
  type EgressPolicy,
  type MatchEntry,
  type Route,
} from "./route.ts";
import { toRoute, WirePolicySchema, type WireRoute } from "./route_schema.ts";

/** The longest routes.yaml that is read, in characters. */
export const MAX_ROUTES_YAML = 256 * 1024;

/** The most issues that are told of at once. */
const MAX_ISSUES = 20;

/** The log level of a routes.yaml that does not name one. */
const DEFAULT_LOG = 1;

const FILE = "routes.yaml";

/** One thing that is wrong with a routes.yaml; printable, and without values of the file. */
export type RoutesYamlIssue = Omit<Diagnostic, "file">;

/** A policy, or what is wrong with the text, in its order. */
export type RoutesYaml =
  | { readonly ok: true; readonly policy: EgressPolicy }
  | { readonly ok: false; readonly issues: readonly RoutesYamlIssue[] };

function toIssue({ line, column, keyPath, message, hint }: Diagnostic): RoutesYamlIssue {
  // The reader's words are those for manifests.
  const words = (text: string): string => text.replace("the frontmatter", "the file");
  return { line, column, keyPath, message: words(message), hint: words(hint) };
}

function tooLong(): Diagnostic {
  const message = `it is longer than ${MAX_ROUTES_YAML} characters`;
  return { file: FILE, line: 1, column: 1, keyPath: "", message, hint: "join rules, drop routes" };
}

/** Reads and checks the text. Throws {@linkcode ManifestError}. */
function readPolicy(text: string): EgressPolicy {
  if (text.length > MAX_ROUTES_YAML) throw new ManifestError([tooLong()]);
  const document = {
    file: FILE,
    ...parseYamlMapping(text, { file: FILE, lineOffset: 0 }),
    body: "",
  };
  const wire = checkFrontmatter(WirePolicySchema, document);
  const routes = wire.routes.map(fromWire);
  const seen = new Set<string>();
  const duplicates = routes.flatMap(({ host }, index) => {
    if (!seen.has(host)) return seen.add(host) && [];
    const message = `${host} has a route already`;
    const hint = "there is one route for each host: join their rules";
    return [{ ...placeOf(document, ["routes", index, "host"]), message, hint }];
  });
  if (duplicates.length > 0) throw new ManifestError(duplicates);
  return { log: wire.log ?? DEFAULT_LOG, routes };
}

function fromWire(wire: WireRoute): Route {
  const { auth_scheme: scheme, token_env: tokenEnv } = wire;
  const auth = scheme && tokenEnv ? { scheme, tokenEnv } : undefined;
  return toRoute(wire, auth);
}

/**
 * Reads routes.yaml. Whatever is not understood makes the whole text unusable, so that no rule is
 * dropped in silence. Never throws.
 */
export function parseRoutesYaml(text: string): RoutesYaml {
  try {
    return { ok: true, policy: readPolicy(text) };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { ok: false, issues: error.diagnostics.slice(0, MAX_ISSUES).map(toIssue) };
  }
}

function matchToWire(entry: MatchEntry): Json {
  return {
    ...(entry.paths && { paths: entry.paths.map(({ type, value }) => ({ type, value })) }),
    ...(entry.methods && { methods: [...entry.methods] }),
    ...(entry.headers && {
      headers: entry.headers.map(({ name, value, type }) => ({ name, value, type })),
    }),
  };
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function dlpToWire(dlp: DlpSettings): { readonly [key: string]: Json } {
  const { outboundDetectors: outbound, inboundDetectors: inbound, outboundOnMatch } = dlp;
  return {
    ...(!sameList(outbound, DEFAULT_DLP.outboundDetectors) && {
      outbound_detectors: outbound.length === 0 ? false : outbound,
    }),
    ...(!sameList(inbound, DEFAULT_DLP.inboundDetectors) && {
      inbound_detectors: inbound.length === 0 ? false : inbound,
    }),
    ...(outboundOnMatch !== DEFAULT_DLP.outboundOnMatch && { outbound_on_match: outboundOnMatch }),
  };
}

/** A route as routes.yaml and the introspection answer have it; what is default is left out. */
export function routeToWire(route: Route): { readonly [key: string]: Json } {
  const dlp = dlpToWire(route.dlp);
  return {
    host: formatRouteHost(route),
    ...(route.auth && { auth_scheme: route.auth.scheme, token_env: route.auth.tokenEnv }),
    ...(route.matches.length > 0 && { matches: route.matches.map(matchToWire) }),
    ...(route.gitFetch && { git: { fetch: true } }),
    ...(Object.keys(dlp).length > 0 && { dlp }),
    ...(route.allowPrivate && { allow_private: true }),
  };
}

/** The live policy as `_egress.local/allowlist` answers it: routes.yaml's shape, no token values. */
export function introspection(policy: EgressPolicy): Json {
  return { log: policy.log, routes: policy.routes.map(routeToWire) };
}

/** Writes a policy so that {@linkcode parseRoutesYaml} reads the same policy. */
export function formatRoutesYaml(policy: EgressPolicy): string {
  return stringify(introspection(policy), { version: "1.2", schema: "core", lineWidth: 0 });
}
