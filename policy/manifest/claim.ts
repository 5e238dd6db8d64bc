import type { Route } from "../egress/route.ts";
import { parseRouteHost } from "../egress/route_host.ts";
import type { SourcedRoute } from "./layer.ts";

/**
 * Puts the routes that a provider needs before those of the manifest. A provider claims its hosts
 * outright: a manifest's route for the same host is dropped, with a one-line note. A manifest's wildcard
 * stays, since a host's own route is stronger anyway.
 *
 * A provider may be a plugin: its hosts are made canonical here. Throws a `RangeError` for one that
 * is no host.
 */
export function claimHosts(
  manifestRoutes: readonly SourcedRoute[],
  providerRoutes: readonly Route[],
): { readonly routes: readonly Route[]; readonly notes: readonly string[] } {
  const claiming = providerRoutes.map(canonical);
  const claimed = new Set(claiming.map((route) => route.host));
  const kept = manifestRoutes.filter(({ route }) => !claimed.has(route.host));
  const notes = manifestRoutes.filter(({ route }) => claimed.has(route.host)).map(
    ({ route, origin }) => {
      return `${origin.file}:${origin.line}: the route for ${route.host} is not used, ` +
        "since the provider brings its own";
    },
  );
  return { routes: [...claiming, ...kept.map(({ route }) => route)], notes };
}

function canonical(route: Route): Route {
  const parsed = parseRouteHost(route.host);
  if (parsed.ok) return { ...route, ...parsedHost(parsed) };
  throw new RangeError(`Cannot use a route of the provider: ${parsed.reason}`);
}

function parsedHost(parsed: { host: string; port?: number }): Pick<Route, "host" | "port"> {
  return { host: parsed.host, ...(parsed.port !== undefined && { port: parsed.port }) };
}
