import * as v from "valibot";
import { stringify } from "yaml";
import type { Json } from "../json.ts";
import { formatRouteHost } from "./route_host.ts";
import {
  DEFAULT_DLP,
  type DlpSettings,
  type EgressPolicy,
  type MatchEntry,
  type Route,
} from "./route.ts";
import { excerpt } from "./verdict.ts";
import { toRoute, WirePolicySchema, type WireRoute } from "./route_schema.ts";
import { nearest } from "../manifest/nearest.ts";
import {
  formatKeyPath,
  parseStrictYaml,
  type YamlDocument,
  type YamlIssue,
} from "./strict_yaml.ts";

/** The longest routes.yaml that is read, in characters. */
export const MAX_ROUTES_YAML = 256 * 1024;

/** routes.yaml is seven levels deep; more is not one. */
const MAX_DEPTH = 10;

/** The most issues that are told of at once. */
const MAX_ISSUES = 20;

/** The log level of a routes.yaml that does not name one. */
const DEFAULT_LOG = 1;

/** A policy, or everything that is wrong with the text. */
export type RoutesYaml =
  | { readonly ok: true; readonly policy: EgressPolicy }
  | { readonly ok: false; readonly issues: readonly YamlIssue[] };

type Issue = v.BaseIssue<unknown>;

const ALLOWED_KEYS: readonly string[] = Object.freeze([
  "log",
  "routes",
  "host",
  "auth_scheme",
  "token_env",
  "matches",
  "git",
  "dlp",
  "allow_private",
  "paths",
  "methods",
  "headers",
  "type",
  "value",
  "name",
  "fetch",
  "outbound_detectors",
  "inbound_detectors",
  "outbound_on_match",
]);

function describe(issue: Issue): { message: string; hint?: string } {
  const key = issue.path?.at(-1)?.key;
  if (issue.type === "strict_object" && issue.expected === "never") {
    const near = typeof key === "string" ? nearest(key, ALLOWED_KEYS) : undefined;
    const message = "no such key is known here";
    return near === undefined ? { message } : { message, hint: `did you mean \`${near}\`?` };
  }
  if (issue.type === "strict_object" && issue.received === "undefined") {
    return { message: "this key is missing" };
  }
  if (issue.kind === "validation" || issue.expected === null) return { message: issue.message };
  return { message: `expected ${issue.expected}, found ${issue.received.slice(0, 60)}` };
}

function pathOf(issue: Issue): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => typeof key === "number" ? key : String(key));
}

/** Of a value that fits no alternative, what is wrong with it under the one it came nearest to. */
function nearestIssue(issue: Issue): Issue {
  const deepest = (issue.issues ?? []).reduce<Issue | undefined>((best, each) => {
    return best === undefined || pathOf(each).length >= pathOf(best).length ? each : best;
  }, undefined);
  return issue.type === "union" && deepest !== undefined ? deepest : issue;
}

function toIssue(found: Issue, document: YamlDocument): YamlIssue {
  const issue = nearestIssue(found);
  // The path of an issue inside a union begins at the union.
  const path = issue === found ? pathOf(issue) : [...pathOf(found), ...pathOf(issue)];
  const { message, hint } = describe(issue);
  return {
    ...document.positionOf(path),
    keyPath: excerpt(formatKeyPath(path)),
    message: excerpt(message),
    ...(hint !== undefined && { hint }),
  };
}

function duplicateHosts(routes: readonly Route[], document: YamlDocument): readonly YamlIssue[] {
  const seen = new Set<string>();
  return routes.flatMap((route, index) => {
    if (!seen.has(route.host)) {
      seen.add(route.host);
      return [];
    }
    const path = ["routes", index, "host"];
    const message = `${route.host} has a route already`;
    const hint = "there is one route for each host: join their rules";
    return [{ ...document.positionOf(path), keyPath: formatKeyPath(path), message, hint }];
  });
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
  const yaml = parseStrictYaml(text, { maxLength: MAX_ROUTES_YAML, maxDepth: MAX_DEPTH });
  if (!yaml.ok) return { ok: false, issues: [yaml.issue] };
  const parsed = v.safeParse(WirePolicySchema, yaml.document.value);
  if (!parsed.success) {
    const issues = parsed.issues.slice(0, MAX_ISSUES).map((issue) => toIssue(issue, yaml.document));
    return { ok: false, issues };
  }
  const routes = parsed.output.routes.map(fromWire);
  const duplicates = duplicateHosts(routes, yaml.document);
  if (duplicates.length > 0) return { ok: false, issues: duplicates.slice(0, MAX_ISSUES) };
  return { ok: true, policy: { log: parsed.output.log ?? DEFAULT_LOG, routes } };
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
