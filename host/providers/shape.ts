import * as v from "valibot";
import { parseRouteHost } from "../../policy/egress/route_host.ts";
import { compileRegex } from "../../policy/egress/regex.ts";
import { canonicalTarget } from "../../policy/egress/path.ts";
import type { Json } from "../../policy/json.ts";

/** What a provider's name looks like, in a manifest and as a plugin's folder. */
export const PROVIDER_NAME = /^[a-z][a-z0-9-]*$/;

const MAX_ENTRIES = 1000;

/** Linux takes no longer argument or variable (MAX_ARG_STRLEN, with its final NUL). */
const MAX_ARGUMENT = 128 * 1024 - 1;

// deno-lint-ignore no-control-regex -- what must not reach a terminal or a one-line file
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

const Line = v.pipe(
  v.string(),
  v.nonEmpty("must not be empty"),
  v.check((text) => !CONTROL.test(text), "must be one line without control characters"),
);

function isCanonicalPath(path: string): boolean {
  if (!path.startsWith("/") || path.length > 4096 || CONTROL.test(path)) return false;
  return path.split("/").slice(1).every((part) => part !== "" && part !== "." && part !== "..");
}

/** Absolute, below the root, without dot segments, double or final slashes. */
const PathInside = v.pipe(
  v.string(),
  v.check(isCanonicalPath, "must be an absolute path without `.`, `..` or doubled slashes"),
);

const Id = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1, "must not be root's"),
  v.maxValue(65533),
);

const Func = v.function("must be a function");

const JsonObject = v.pipe(
  v.record(v.string(), v.custom<Json>((value) => value !== undefined)),
  v.check((value) => {
    try {
      return JSON.stringify(value) !== undefined;
    } catch {
      return false;
    }
  }, "must be JSON"),
);

/** A module's default export, before it may be used as a provider. */
export const ProviderShape = v.object({
  name: v.pipe(v.string(), v.regex(PROVIDER_NAME, "must be like `my-agent`")),
  description: Line,
  user: v.object({
    name: v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_-]{0,31}$/, "must be an account's name")),
    uid: Id,
    gid: Id,
    home: PathInside,
  }),
  skillsDirectory: PathInside,
  dockerfile: v.exactOptional(v.pipe(
    v.string("must be the text of a Dockerfile"),
    v.check((text) => /^\s*FROM\s/im.test(text), "must be the text of a Dockerfile"),
    v.maxLength(256 * 1024),
  )),
  credentials: v.exactOptional(v.array(v.picklist(["auth_token", "forward_host_credentials"]))),
  settingsSchema: JsonObject,
  parseSettings: Func,
  provision: Func,
});

/** What {@linkcode AgentProvider.parseSettings} may return. */
export const SettingsResultShape = v.variant("ok", [
  v.object({ ok: v.literal(true), value: JsonObject }),
  v.object({
    ok: v.literal(false),
    issues: v.pipe(
      v.array(v.object({
        path: v.array(v.string()),
        message: v.string(),
        allowed: v.exactOptional(v.array(v.string())),
      })),
      v.minLength(1, "must say what is wrong"),
    ),
  }),
]);

const Argument = v.pipe(
  v.string(),
  v.check((text) => !text.includes("\0"), "must not contain a NUL character"),
  v.maxLength(MAX_ARGUMENT, "must not be longer than 128 KiB"),
);

const Argv = v.pipe(
  v.array(Argument),
  v.minLength(1, "must name a program"),
  v.maxLength(MAX_ENTRIES),
  v.check((argv) => argv[0] !== "", "must name a program"),
);

const Regex = v.pipe(
  v.string(),
  v.check((text) => compileRegex(text).ok, "must be a regular expression in RE2's syntax"),
);

const CanonicalPath = v.pipe(
  v.string(),
  v.check((text) => {
    const target = canonicalTarget(text);
    return target.ok && target.query === "" && target.path === text;
  }, "must be a path in canonical form"),
);

const HeaderName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, "must be a header's name in lower case"),
);

const Route = v.strictObject({
  host: v.pipe(
    v.string(),
    v.check((text) => {
      const host = parseRouteHost(text);
      return host.ok && host.port === undefined && host.host === text;
    }, "must be a host name in canonical form, without a port"),
  ),
  port: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))),
  auth: v.exactOptional(v.strictObject({
    scheme: v.picklist(["Bearer", "token"]),
    tokenEnv: v.pipe(
      v.string(),
      v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a variable, never a token"),
    ),
  })),
  matches: v.array(v.strictObject({
    paths: v.exactOptional(v.array(v.variant("type", [
      v.strictObject({ type: v.picklist(["prefix", "exact"]), value: CanonicalPath }),
      v.strictObject({ type: v.literal("regex"), value: Regex }),
    ]))),
    methods: v.exactOptional(v.array(v.pipe(
      v.string(),
      v.regex(/^[A-Z][A-Z-]*$/, "must be a method in capitals"),
    ))),
    headers: v.exactOptional(v.array(v.variant("type", [
      v.strictObject({ name: HeaderName, value: v.string(), type: v.literal("exact") }),
      v.strictObject({ name: HeaderName, value: Regex, type: v.literal("regex") }),
    ]))),
  })),
  gitFetch: v.boolean(),
  allowPrivate: v.boolean(),
  dlp: v.strictObject({
    outboundDetectors: v.array(v.picklist(["token_patterns", "known_secrets", "entropy"])),
    inboundDetectors: v.array(v.picklist(["naive_injection_detection"])),
    outboundOnMatch: v.picklist(["block", "redact", "supervise"]),
  }),
});

/** What {@linkcode AgentProvider.provision} may return. */
export const ProvisioningShape = v.strictObject({
  routes: v.pipe(
    v.array(Route),
    v.maxLength(MAX_ENTRIES),
    v.check(
      (routes) => new Set(routes.map(({ host }) => host)).size === routes.length,
      "must not name a host twice",
    ),
  ),
  env: v.record(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must have names like `MY_VARIABLE`"),
    ),
    Argument,
  ),
  files: v.pipe(
    v.array(v.strictObject({
      path: PathInside,
      content: v.union([v.string(), v.instance(Uint8Array)], "must be text or bytes"),
      mode: v.pipe(
        v.number(),
        v.integer(),
        v.minValue(0, "must be between 0 and 0o777"),
        v.maxValue(0o777, "must be between 0 and 0o777"),
      ),
      owner: v.picklist(["agent", "root"]),
    })),
    v.maxLength(MAX_ENTRIES),
  ),
  setup: v.pipe(v.array(Argv), v.maxLength(MAX_ENTRIES)),
  argv: Argv,
  notes: v.exactOptional(v.array(Line)),
});
