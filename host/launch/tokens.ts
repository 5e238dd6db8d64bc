import type { Route } from "../../policy/egress/route.ts";
import { Secret } from "../../policy/secret.ts";

/** Routes whose tokens are named as the egress process knows them, with the values beside them. */
export interface TokenPlan {
  readonly routes: readonly Route[];
  /** EGRESS_TOKEN_<n> to its value. */
  readonly tokens: ReadonlyMap<string, Secret>;
  /** Host variables that are named by a route but unset or empty, with the routes' hosts. */
  readonly missing: ReadonlyMap<string, readonly string[]>;
}

/**
 * Gives each host variable that a route names one EGRESS_TOKEN_<n>, in order of first use. A
 * variable without a value keeps its name in the route and gets no value, so the proxy refuses
 * what would have been sent without authentication.
 */
export function planTokens(
  routes: readonly Route[],
  env: (name: string) => string | undefined,
): TokenPlan {
  const names = new Map<string, string>();
  const tokens = new Map<string, Secret>();
  const missing = new Map<string, string[]>();
  const renamed = routes.map((route) => {
    if (!route.auth) return route;
    const variable = route.auth.tokenEnv;
    const name = names.get(variable) ?? `EGRESS_TOKEN_${names.size}`;
    names.set(variable, name);
    const value = env(variable);
    if (value) tokens.set(name, new Secret(value));
    else missing.set(variable, [...missing.get(variable) ?? [], route.host]);
    return { ...route, auth: { ...route.auth, tokenEnv: name } };
  });
  return { routes: renamed, tokens, missing };
}
