import * as v from "valibot";
import { isFieldValue, isToken } from "./http_syntax.ts";
import { canonicalTarget } from "./path.ts";
import { compileRegex } from "./regex.ts";
import { parseRouteHost } from "./route_host.ts";
import { DEFAULT_DLP, type DlpSettings, type MatchEntry, type PathMatch } from "./route.ts";
import type { Route, RouteAuth } from "./route.ts";

/** The most entries in any list of a route, and the most routes in a policy. */
const MAX_ENTRIES = 100;
const MAX_ROUTES = 1000;

const OUTBOUND_DETECTORS = ["token_patterns", "known_secrets", "entropy"] as const;
const INBOUND_DETECTORS = ["naive_injection_detection"] as const;
const OUTBOUND_ACTIONS = ["block", "redact", "supervise"] as const;

/** Methods that no route can allow: the proxy never sends them on. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE"]);

type ListAction<T extends v.GenericSchema> = v.SchemaWithPipe<
  readonly [
    v.ArraySchema<T, undefined>,
    v.MinLengthAction<v.InferOutput<T>[], 1, string>,
    v.MaxLengthAction<v.InferOutput<T>[], number, string>,
  ]
>;

/** A list that says something: an empty one reads as "nothing" to some and "all" to others. */
function list<T extends v.GenericSchema>(item: T): ListAction<T> {
  return v.pipe(
    v.array(item),
    v.minLength(1, "an empty list: leave the key out instead"),
    v.maxLength(MAX_ENTRIES, `more than ${MAX_ENTRIES} entries`),
  );
}

function pathFault(match: { type?: PathMatch["type"]; value: string }): string | undefined {
  if (match.type === "regex") {
    const compiled = compileRegex(match.value);
    return compiled.ok ? undefined : `not a usable regular expression: ${compiled.reason}`;
  }
  const target = canonicalTarget(match.value);
  if (!target.ok) return `not a usable path: ${target.reason}`;
  if (target.query !== "") return "not a usable path: it has a query";
  // `/v1/..` would be `/`: what a rule covers must be seen in the rule.
  return target.path === match.value ? undefined : `not in canonical form: write ${target.path}`;
}

/** `{ type, value }`: one path rule; `type` is `prefix` unless it says otherwise. */
export const PathMatchSchema = v.pipe(
  v.strictObject({
    type: v.exactOptional(v.picklist(["prefix", "exact", "regex"])),
    value: v.string(),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const message = pathFault(dataset.value);
    if (message !== undefined) addIssue({ message });
  }),
);

function headerFault(match: { type?: "exact" | "regex"; value: string }): string | undefined {
  if (match.type === "regex") {
    const compiled = compileRegex(match.value);
    return compiled.ok ? undefined : `not a usable regular expression: ${compiled.reason}`;
  }
  if (!isFieldValue(match.value)) return "not a value that a header can have";
  return match.value.trim() === match.value ? undefined : "a header value has no outer spaces";
}

/** `{ name, value, type }`: one header rule; `type` is `exact` unless it says otherwise. */
export const HeaderMatchSchema = v.pipe(
  v.strictObject({
    name: v.pipe(v.string(), v.check(isToken, "not a header name")),
    value: v.string(),
    type: v.exactOptional(v.picklist(["exact", "regex"])),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const message = headerFault(dataset.value);
    if (message !== undefined) addIssue({ message });
  }),
);

const MethodSchema = v.pipe(
  v.string(),
  v.check(
    (method) => isToken(method) && method === method.toUpperCase(),
    "not a method in capitals",
  ),
  v.check((method) => !REFUSED_METHODS.has(method), "a method that the proxy never sends on"),
);

/** One alternative of `matches`; it names at least one kind. */
export const MatchEntrySchema = v.pipe(
  v.strictObject({
    paths: v.exactOptional(list(PathMatchSchema)),
    methods: v.exactOptional(list(MethodSchema)),
    headers: v.exactOptional(list(HeaderMatchSchema)),
  }),
  v.check(
    (entry) => Object.keys(entry).length > 0,
    "it matches everything: name paths, methods or headers, or leave `matches` out",
  ),
);

/** `matches`: absent means every method and path. */
export const MatchesSchema = list(MatchEntrySchema);

/** `git`: what git may do over HTTPS; pushing never. */
export const GitSchema = v.strictObject({ fetch: v.boolean() });

/** `dlp`: which scans the traffic gets; `false` instead of a list turns a direction off. */
export const DlpSchema = v.strictObject({
  outbound_detectors: v.exactOptional(
    v.union([v.literal(false), list(v.picklist(OUTBOUND_DETECTORS))]),
  ),
  inbound_detectors: v.exactOptional(
    v.union([v.literal(false), list(v.picklist(INBOUND_DETECTORS))]),
  ),
  outbound_on_match: v.exactOptional(v.picklist(OUTBOUND_ACTIONS)),
});

/** `host`: see {@linkcode parseRouteHost}. */
export const HostSchema = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const host = parseRouteHost(dataset.value);
    if (!host.ok) addIssue({ message: `not a usable host: ${host.reason}` });
  }),
);

/** The keys that a route has in a manifest and in routes.yaml alike: all but those of auth. */
export const ROUTE_ENTRIES = Object.freeze({
  host: HostSchema,
  matches: v.exactOptional(MatchesSchema),
  git: v.exactOptional(GitSchema),
  dlp: v.exactOptional(DlpSchema),
  allow_private: v.exactOptional(v.boolean()),
});

/** `log`: see {@linkcode LogLevel}. */
export const LogLevelSchema = v.picklist([0, 1, 2]);

const TOKEN_ENV = /^EGRESS_TOKEN_[0-9]{1,9}$/;

/** A route as routes.yaml and the introspection answer have it. */
export const WireRouteSchema = v.pipe(
  v.strictObject({
    ...ROUTE_ENTRIES,
    auth_scheme: v.exactOptional(v.picklist(["Bearer", "token"])),
    token_env: v.exactOptional(
      v.pipe(v.string(), v.regex(TOKEN_ENV, "not an EGRESS_TOKEN_<number>")),
    ),
  }),
  v.check(
    (route) => (route.auth_scheme === undefined) === (route.token_env === undefined),
    "auth_scheme and token_env only go together",
  ),
);

/** A whole routes.yaml. `routes` is required, so a cut-off file is an error and not a policy. */
export const WirePolicySchema = v.strictObject({
  log: v.exactOptional(LogLevelSchema),
  routes: v.pipe(
    v.array(WireRouteSchema),
    v.maxLength(MAX_ROUTES, `more than ${MAX_ROUTES} routes`),
  ),
});

/** A route's shared keys after validation. */
export type RouteEntries = v.InferOutput<
  v.StrictObjectSchema<typeof ROUTE_ENTRIES, undefined>
>;
export type WireRoute = v.InferOutput<typeof WireRouteSchema>;
export type WirePolicy = v.InferOutput<typeof WirePolicySchema>;

type WireMatch = NonNullable<RouteEntries["matches"]>[number];

function toMatch(wire: WireMatch): MatchEntry {
  return {
    ...(wire.paths && {
      paths: wire.paths.map(({ type = "prefix", value }) => ({ type, value })),
    }),
    ...(wire.methods && { methods: wire.methods }),
    ...(wire.headers && {
      headers: wire.headers.map(({ name, value, type = "exact" }) => {
        return { name: name.toLowerCase(), value, type };
      }),
    }),
  };
}

function toDlp(wire: RouteEntries["dlp"]): DlpSettings {
  const { outbound_detectors: outbound, inbound_detectors: inbound } = wire ?? {};
  return {
    outboundDetectors: outbound === false ? [] : outbound ?? DEFAULT_DLP.outboundDetectors,
    inboundDetectors: inbound === false ? [] : inbound ?? DEFAULT_DLP.inboundDetectors,
    outboundOnMatch: wire?.outbound_on_match ?? DEFAULT_DLP.outboundOnMatch,
  };
}

/**
 * Makes the route that a validated manifest route or routes.yaml entry describes, with defaults
 * filled in and the host in canonical form. Throws a `RangeError` on a host that
 * {@linkcode HostSchema} would have refused.
 */
export function toRoute(wire: RouteEntries, auth?: RouteAuth): Route {
  const parsed = parseRouteHost(wire.host);
  if (!parsed.ok) throw new RangeError(`Cannot make a route of ${wire.host}: ${parsed.reason}`);
  return {
    host: parsed.host,
    ...(parsed.port !== undefined && { port: parsed.port }),
    ...(auth && { auth }),
    matches: (wire.matches ?? []).map(toMatch),
    gitFetch: wire.git?.fetch ?? false,
    allowPrivate: wire.allow_private ?? false,
    dlp: toDlp(wire.dlp),
  };
}
