import { nearest } from "../manifest/nearest.ts";
import type { CompiledPolicy } from "./compile.ts";
import type { RequestView } from "./decide.ts";
import { endToEndHeaders } from "./end_to_end.ts";
import { formatAuthority } from "./host.ts";
import { formatRouteHost } from "./route_host.ts";
import type { MatchEntry, Route } from "./route.ts";
import { type Denial, excerpt, type Verdict } from "./verdict.ts";

type Forward = Extract<Verdict, { action: "forward" }>;

function describeEntry(entry: MatchEntry): string {
  const parts = [
    entry.paths?.map(({ type, value }) => `${type} ${value}`).join(" or "),
    entry.methods?.join(" or "),
    entry.headers?.map(({ name, type, value }) => `${name} ${type} ${value}`).join(" and "),
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function describeRule(verdict: Forward): string {
  const entry = verdict.entry === undefined ? undefined : verdict.route.matches[verdict.entry];
  if (entry === undefined) return "rule: none, the route allows every method and path";
  return `rule ${(verdict.entry ?? 0) + 1} matches: ${describeEntry(entry)}`;
}

function describeRoute(route: Route): string {
  const kind = route.host.startsWith("*.") ? "wildcard" : "this host";
  return `route: ${formatRouteHost(route)} (${kind})`;
}

function describeCredential(route: Route): string {
  if (route.auth === undefined) return "credential: none; an Authorization header is removed";
  return `credential: Authorization: ${route.auth.scheme} <${route.auth.tokenEnv}> is put in`;
}

function describeAddresses(route: Route): string {
  return route.allowPrivate
    ? "addresses: public and private ones (allow_private)"
    : "addresses: public ones only, checked when the name is resolved";
}

function explainForward(verdict: Forward, request: RequestView): readonly string[] {
  const kept = new Set(endToEndHeaders(request.headers));
  const removed = request.headers.filter((header) => !kept.has(header));
  const names = removed.map(([name]) => excerpt(name)).join(", ");
  const rewritten = excerpt(request.rawTarget) === excerpt(verdict.target)
    ? []
    : [`target: ${excerpt(request.rawTarget)} is sent as ${excerpt(verdict.target)}`];
  return [
    `allowed: ${request.method} ${excerpt(verdict.path)} on ${verdict.host}:${verdict.port}`,
    describeRoute(verdict.route),
    describeRule(verdict),
    ...rewritten,
    describeCredential(verdict.route),
    ...(names === "" ? [] : [`headers removed: ${names}`]),
    describeAddresses(verdict.route),
  ];
}

/** Why the routes that come nearest to a host that is on none do not cover it. */
function nearMisses(policy: CompiledPolicy, host: string): readonly string[] {
  const hosts = policy.policy.routes.map((route) => route.host);
  if (hosts.length === 0) return ["the bottle has no routes"];
  if (hosts.includes(`*.${host}`)) return [`*.${host} covers only names below ${host}`];
  const parent = hosts.find((other) => host.endsWith(`.${other}`));
  if (parent !== undefined) return [`the route ${parent} does not cover the names below it`];
  const similar = nearest(host, hosts);
  return similar === undefined ? [] : [`the nearest route is ${similar}`];
}

function explainDenial(
  denial: Denial,
  request: RequestView,
  policy: CompiledPolicy,
): readonly string[] {
  const { host, port, kind } = request.authority;
  const route = policy.find(host)?.route;
  return [
    `denied (${denial.status} ${denial.reason}): ${denial.message}`,
    `request: ${excerpt(request.method)} ${excerpt(request.rawTarget)} on ` +
    formatAuthority(host, kind, port),
    ...(route === undefined ? [] : [describeRoute(route)]),
    ...(denial.failures ?? []),
    ...(denial.reason === "host_not_allowed" ? nearMisses(policy, host) : []),
    `hint: ${denial.hint.text}`,
  ];
}

/**
 * Tells in words how a verdict came about: the route and rule that matched and what is changed on
 * the way, or what failed and why each alternative did not match. One line each, plain ASCII but
 * for what the policy itself says; no header values of the request.
 */
export function explain(
  verdict: Verdict,
  request: RequestView,
  policy: CompiledPolicy,
): readonly string[] {
  if (verdict.action === "deny") return explainDenial(verdict, request, policy);
  if (verdict.action === "forward") return explainForward(verdict, request);
  return [`allowed: the proxy itself answers ${verdict.path} with the live routes`];
}
