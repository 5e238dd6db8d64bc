import { canonicalTarget } from "./path.ts";
import { type CompiledRegex, compileRegex } from "./regex.ts";
import type { EgressPolicy, HeaderMatch, MatchEntry, PathMatch, Route } from "./route.ts";

/** A path rule that is ready to use. */
export interface CompiledPath {
  readonly rule: PathMatch;
  /** Takes a canonical path. */
  matches(path: string): boolean;
}

/** A header rule that is ready to use. */
export interface CompiledHeader {
  readonly rule: HeaderMatch;
  /** Takes one value, without outer white space. */
  matches(value: string): boolean;
}

/** One alternative of a route; a kind that is absent is not looked at. */
export interface CompiledEntry {
  readonly paths?: readonly CompiledPath[];
  readonly methods?: ReadonlySet<string>;
  readonly headers?: readonly CompiledHeader[];
}

/** A route with its rules ready to use. */
export interface CompiledRoute {
  readonly route: Route;
  readonly entries: readonly CompiledEntry[];
}

/** A policy that is ready to decide by. Nothing in it changes. */
export interface CompiledPolicy {
  readonly policy: EgressPolicy;
  /** The route of a canonical host: its own, else that of the longest wildcard, else none. */
  find(host: string): CompiledRoute | undefined;
}

function regex(source: string): CompiledRegex {
  const compiled = compileRegex(source);
  if (!compiled.ok) {
    throw new RangeError(`Cannot compile the regular expression ${source}: ${compiled.reason}`);
  }
  return compiled.regex;
}

function canonicalPath(value: string): string {
  const target = canonicalTarget(value);
  if (target.ok && target.target === value && target.query === "") return value;
  throw new RangeError(`Cannot compile the path ${value}: it is not in canonical form`);
}

function compilePath(rule: PathMatch): CompiledPath {
  if (rule.type === "regex") {
    const compiled = regex(rule.value);
    return { rule, matches: (path) => compiled.matches(path) };
  }
  const value = canonicalPath(rule.value);
  if (rule.type === "exact") return { rule, matches: (path) => path === value };
  const below = value.endsWith("/") ? value : `${value}/`;
  return { rule, matches: (path) => path === value || path.startsWith(below) };
}

function compileHeader(rule: HeaderMatch): CompiledHeader {
  if (rule.type === "exact") return { rule, matches: (value) => value === rule.value };
  const compiled = regex(rule.value);
  return { rule, matches: (value) => compiled.matches(value) };
}

function compileEntry(entry: MatchEntry): CompiledEntry {
  return {
    ...(entry.paths && { paths: entry.paths.map(compilePath) }),
    ...(entry.methods && { methods: new Set(entry.methods) }),
    ...(entry.headers && { headers: entry.headers.map(compileHeader) }),
  };
}

function findWildcard(
  suffixes: ReadonlyMap<string, CompiledRoute>,
  host: string,
): CompiledRoute | undefined {
  if (suffixes.size === 0) return undefined;
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    const route = suffixes.get(host.slice(dot + 1));
    if (route !== undefined) return route;
  }
  return undefined;
}

/**
 * Makes a policy ready to decide by. `*.example.com` covers one or more labels below example.com
 * and not example.com itself. Throws a `RangeError` on a rule that the schema would have refused
 * and on a host with two routes: a policy that came from `parseRoutesYaml` has neither.
 */
export function compilePolicy(policy: EgressPolicy): CompiledPolicy {
  const exact = new Map<string, CompiledRoute>();
  const suffixes = new Map<string, CompiledRoute>();
  for (const route of policy.routes) {
    const compiled = { route, entries: route.matches.map(compileEntry) };
    const isWildcard = route.host.startsWith("*.");
    const [table, key] = isWildcard ? [suffixes, route.host.slice(2)] : [exact, route.host];
    if (table.has(key)) {
      throw new RangeError(`Cannot compile the policy: ${route.host} has two routes`);
    }
    table.set(key, compiled);
  }
  return { policy, find: (host) => exact.get(host) ?? findWildcard(suffixes, host) };
}
