import * as v from "valibot";
import { HostSchema, LogLevelSchema, ROUTE_ENTRIES } from "../egress/route_schema.ts";
import { parseRouteHost } from "../egress/route_host.ts";
import { parseEnvValue } from "./env_value.ts";
import { GitGateSchema } from "./git_gate.ts";
import { because } from "./issue_text.ts";
import { LineSchema, NameSchema, TokenNameSchema } from "./names.ts";
import { tableNotes } from "./schema_walk.ts";
import { ENV_NAME, looksLikeToken } from "./token_name.ts";

const EnvNameSchema = v.pipe(
  v.string(),
  v.regex(
    ENV_NAME,
    because("is not the name of a variable", "names have only A-Z, a-z, 0-9 and `_`"),
  ),
  v.check(
    (name) => name.length <= 128 && !looksLikeToken(name),
    because("is too long, or looks like a token itself", "write NAME: value"),
  ),
);

const EnvSchema = v.record(
  EnvNameSchema,
  v.pipe(
    v.string(),
    v.check(
      (text) => parseEnvValue(text).ok,
      (issue) => {
        const parsed = parseEnvValue(issue.input);
        return parsed.ok ? "" : because(parsed.message, parsed.hint);
      },
    ),
  ),
);

const ProviderSchema = v.strictObject({
  template: v.exactOptional(NameSchema),
  dockerfile: v.exactOptional(LineSchema),
  auth_token: v.exactOptional(TokenNameSchema),
  forward_host_credentials: v.exactOptional(v.boolean()),
  settings: v.exactOptional(v.record(v.string(), v.unknown())),
});

/** A route as a bottle has it: the keys of routes.yaml, with the name of a host variable. */
export const BottleRouteSchema = v.pipe(
  v.strictObject({
    ...ROUTE_ENTRIES,
    host: HostSchema,
    auth: v.exactOptional(v.strictObject({
      scheme: v.picklist(["Bearer", "token"]),
      token_ref: TokenNameSchema,
    })),
  }),
  tableNotes({
    moved: {
      role: "`role` is reserved: remove it",
      auth_scheme: "write `auth: { scheme: Bearer, token_ref: NAME }`",
      token_env: "write `auth: { scheme: Bearer, token_ref: NAME }`",
    },
  }),
);

const RoutesSchema = v.pipe(
  v.array(BottleRouteSchema),
  v.maxLength(1000, because("has more than 1000 routes", "use wildcards such as *.example.com")),
  v.rawCheck(({ dataset, addIssue }) => {
    for (const index of repeatedHosts(dataset.value)) {
      addIssue({
        message: because("another route has this host", "keep one route for each host"),
        path: routePath(dataset.value, index),
      });
    }
  }),
);

const EgressSchema = v.strictObject({
  log: v.exactOptional(LogLevelSchema),
  routes: v.exactOptional(RoutesSchema),
});

/** The frontmatter of a bottle. */
export const BottleSchema = v.pipe(
  v.strictObject({
    extends: v.exactOptional(v.union([NameSchema, v.array(NameSchema)])),
    env: v.exactOptional(EnvSchema),
    agent_provider: v.exactOptional(ProviderSchema),
    "git-gate": v.exactOptional(GitGateSchema),
    egress: v.exactOptional(EgressSchema),
  }),
  tableNotes({
    moved: {
      runtime: "remove it: gVisor is detected and used by itself",
      ssh: "move it to `git-gate: { repos: ... }`: each repository has a url, key and host_key",
      git: "move it to `git-gate`: `user` for the identity, `repos` for the repositories",
      git_user: "move it to `git-gate: { user: { name: ..., email: ... } }`",
      supervise: "remove it: every bottle is supervised",
    },
  }),
);

export type RawBottle = v.InferOutput<typeof BottleSchema>;

/** Positions of routes whose host an earlier one has. The value may be unchecked still. */
function repeatedHosts(routes: unknown): readonly number[] {
  const seen = new Set<string>();
  return (Array.isArray(routes) ? routes : []).flatMap((route: unknown, index) => {
    const text = hostText(route);
    const parsed = text === undefined ? undefined : parseRouteHost(text);
    if (parsed === undefined || !parsed.ok) return [];
    const repeated = seen.has(parsed.host);
    seen.add(parsed.host);
    return repeated ? [index] : [];
  });
}

function hostText(route: unknown): string | undefined {
  if (route === null || typeof route !== "object" || !("host" in route)) return undefined;
  return typeof route.host === "string" ? route.host : undefined;
}

function routePath(routes: unknown, index: number): [v.ArrayPathItem, v.ObjectPathItem] {
  const input = Array.isArray(routes) ? routes : [];
  const value: Record<string, unknown> = input[index] ?? {};
  return [
    { type: "array", origin: "value", input, key: index, value },
    { type: "object", origin: "value", input: value, key: "host", value: value["host"] },
  ];
}
