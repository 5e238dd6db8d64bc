import type { Route } from "../../policy/egress/route.ts";
import type { Sourced } from "../../policy/manifest/origin.ts";
import type { ResolvedManifest, ResolvedRepo } from "../../policy/manifest/resolved.ts";
import type { BottleIdentity } from "../../policy/plan.ts";

/** What the preflight tells; nothing in here is a secret. */
export interface PreflightInputs {
  readonly identity: BottleIdentity;
  readonly manifest: ResolvedManifest;
  readonly image: string;
  /** Its name and why it was taken. */
  readonly backend: string;
  readonly workspace: string;
  readonly routes: readonly Route[];
  readonly notes: readonly string[];
}

/** A line of the preflight: what it is about and what is the case. */
export type PreflightRow = readonly [name: string, value: string];

/**
 * The summary that a person confirms before a launch, as name and value rows; a name that is
 * empty continues the row above.
 */
export function preflightRows(inputs: PreflightInputs): PreflightRow[] {
  const { identity, manifest } = inputs;
  return [
    ["agent", `${identity.agent} (${identity.slug})`],
    ["provider", `${identity.provider}, image ${inputs.image}`],
    ["backend", inputs.backend],
    ["bottles", listed(identity.bottles)],
    ["env", listed([...manifest.env.keys()])],
    ["skills", listed(manifest.agent.skills)],
    ["workspace", inputs.workspace],
    ["git identity", gitIdentity(manifest)],
    ...continued("git gate", manifest.gitGate.repos.map(gateLine)),
    ...continued("egress", inputs.routes.map(routeLine)),
    ...continued("note", inputs.notes),
  ];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

function continued(name: string, values: readonly string[]): PreflightRow[] {
  if (values.length === 0) return name === "note" ? [] : [[name, "none"]];
  return values.map((value, index) => [index === 0 ? name : "", value]);
}

function gitIdentity({ gitGate: { user } }: ResolvedManifest): string {
  const part = (field: Sourced<string> | undefined): string[] =>
    field ? [`${field.value} (from ${field.origin.kind} ${field.origin.name})`] : [];
  return listed([...part(user.name), ...part(user.email)]);
}

function gateLine({ name, url }: ResolvedRepo): string {
  return `${name} \u2192 ${url.host}:${url.port}`;
}

function routeLine(route: Route): string {
  const host = route.port === undefined ? route.host : `${route.host}:${route.port}`;
  return [
    host,
    ...(route.auth ? [`[auth:${route.auth.scheme}]`] : []),
    ...(route.matches.length > 0 ? ["[matches]"] : []),
    ...(route.gitFetch ? ["[git fetch]"] : []),
    ...(route.allowPrivate ? ["[private]"] : []),
    ...scanMarks(route),
  ].join(" ");
}

/** Which way is scanned, and what a match leads to where that is not the default. */
function scanMarks({ dlp }: Route): readonly string[] {
  if (dlp.outboundDetectors.length === 0) {
    return dlp.inboundDetectors.length === 0 ? [] : ["[dlp:inbound]"];
  }
  const action = dlp.outboundOnMatch;
  return ["[dlp]", ...(action === "supervise" ? [] : [`[on-match:${action}]`])];
}
