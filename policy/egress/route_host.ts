import { canonicalHost, formatAuthority, parseAuthority, type Refusal } from "./host.ts";
import type { Route } from "./route.ts";

/** The name under which the proxy itself answers; no route may claim it. */
export const INTROSPECTION_HOST = "_egress.local";

/**
 * Reads the `host` of a route: a name, `*.` before a name, or an IP address, each with an optional
 * `:port` (an IPv6 address with a port is in brackets). The result is canonical. Never throws.
 */
export function parseRouteHost(
  text: string,
): { ok: true; host: string; port?: number } | Refusal {
  const isWildcard = text.startsWith("*.");
  const rest = isWildcard ? text.slice(2) : text;
  if (rest.includes("*")) {
    return { ok: false, reason: "a wildcard is only `*.` before a name, e.g. *.example.com" };
  }
  const bare = canonicalHost(rest);
  const parsed: ReturnType<typeof parseAuthority> = bare.ok ? bare : parseAuthority(rest);
  if (!parsed.ok) return parsed;
  if (isWildcard && parsed.kind !== "name") {
    return { ok: false, reason: "a wildcard stands before a name, not an address" };
  }
  if (parsed.host === INTROSPECTION_HOST) {
    return { ok: false, reason: `${INTROSPECTION_HOST} is the proxy itself` };
  }
  const host = isWildcard ? `*.${parsed.host}` : parsed.host;
  return parsed.port === undefined ? { ok: true, host } : { ok: true, host, port: parsed.port };
}

/** Writes a route's host and port as {@linkcode parseRouteHost} reads them. */
export function formatRouteHost(route: Pick<Route, "host" | "port">): string {
  const kind = route.host.includes(":") ? "ipv6" : "name";
  return formatAuthority(route.host, kind, route.port);
}
