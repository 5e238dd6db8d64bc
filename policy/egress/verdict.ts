import type { Json } from "../json.ts";
import { INTROSPECTION_HOST } from "./route_host.ts";
import type { OutboundDetector, Route } from "./route.ts";

/** Why a request is refused, as a word for programs and logs. */
export type DenyReason =
  | "bad_http"
  | "bad_tls"
  | "bad_expectation"
  | "bad_authority"
  | "bad_target"
  | "bad_method"
  | "bad_header"
  | "host_mismatch"
  | "not_found"
  | "method_refused"
  | "host_not_allowed"
  | "port_not_allowed"
  | "auth_needs_https"
  | "rule_not_matched"
  | "git_push"
  | "git_fetch"
  | "token_unset"
  | "token_invalid"
  | "secret_found"
  | "body_unreadable"
  | "injection_found";

/** What a scan found, as it may be shown: never the value. */
export interface FoundSecret {
  readonly detector: OutboundDetector;
  /** Which pattern or which known secret. */
  readonly kind: string;
  /** In words, e.g. `header x-api-key`. */
  readonly place: string;
  /** How it was disguised, outermost first; empty when it stood there as it is. */
  readonly writtenAs: readonly string[];
}

/** Why a request that waited for a person was refused. */
export type HoldOutcome =
  | "rejected"
  | "timed_out"
  | "queue_failed"
  | "not_wired"
  | "too_many"
  | "withdrawn";

/** How the agent may go on. */
export interface DenialHint {
  /** The supervise tool to ask a human with; absent when no permission would help. */
  readonly tool?: "egress-allow";
  /** What the tool would have to add: a route, or part of one, in routes.yaml's shape. */
  readonly route?: Json;
  readonly text: string;
}

/** A request that is not sent on. */
export interface Denial {
  readonly action: "deny";
  readonly status: 400 | 403 | 404 | 405 | 408 | 417 | 431;
  readonly reason: DenyReason;
  /** The canonical host that was asked for; empty when there is none. */
  readonly host: string;
  /** For people: what is the case. Bounded, and holds no header value. */
  readonly message: string;
  readonly hint: DenialHint;
  /** For `rule_not_matched`: why each alternative of the route did not match. */
  readonly failures?: readonly string[];
  /** For `secret_found`: what was found where. */
  readonly findings?: readonly FoundSecret[];
  /** For `secret_found`: what came of asking a person, with that person's words. */
  readonly supervise?: { readonly outcome: HoldOutcome; readonly notes?: string };
}

/** What to do with a request. */
export type Verdict =
  | { readonly action: "introspect"; readonly path: string }
  | {
    readonly action: "forward";
    readonly route: Route;
    /** Index in `route.matches` of the alternative that matched; absent when there is none. */
    readonly entry?: number;
    readonly host: string;
    readonly port: number;
    readonly path: string;
    readonly query: string;
    /** What goes upstream as the request target, byte for byte. */
    readonly target: string;
  }
  | Denial;

/** The longest excerpt of a request that a message repeats, in characters. */
const MAX_EXCERPT = 200;

/** Cuts what a message repeats from a request, and makes it plain ASCII. */
export function excerpt(text: string): string {
  const cut = text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT)}...` : text;
  return cut.replace(/[^\x20-\x7e]/g, "?");
}

/** A denial of something that is not well-formed: status 400, and no permission would help. */
export function malformed(reason: DenyReason, message: string, host = ""): Denial {
  const hint = { text: "Send a well-formed request; asking for permission does not help" };
  return { action: "deny", status: 400, reason, host, message, hint };
}

/** A denial by the rules: status 403, with a word on how to ask for more. */
export function forbidden(
  reason: DenyReason,
  denied: { readonly host: string; readonly message: string; readonly hint: DenialHint },
): Denial {
  return { action: "deny", status: 403, reason, ...denied };
}

/** The hint that leads to a human, with the route (or part of one) to ask for. */
export function askFor(route: Json): DenialHint {
  const text = `Ask with the egress-allow tool: routes_yaml is the answer of ` +
    `http://${INTROSPECTION_HOST}/allowlist with this added, justification says why you need it`;
  return { tool: "egress-allow", route, text };
}

function findingJson({ detector, kind, place, writtenAs }: FoundSecret): Json {
  return { detector, kind, place, ...(writtenAs.length > 0 && { written_as: writtenAs }) };
}

/** The body of a denial's response, for programs (`application/json`) and for people. */
export function denialBody(denial: Denial): { readonly json: string; readonly text: string } {
  const { reason, host, message, hint, failures = [], findings = [], supervise } = denial;
  const json: Json = {
    error: reason,
    host,
    message,
    ...(failures.length > 0 && { failures }),
    ...(findings.length > 0 && { findings: findings.map(findingJson) }),
    ...(supervise !== undefined && { supervise: { ...supervise } }),
    hint: {
      ...(hint.tool !== undefined && { tool: hint.tool }),
      ...(hint.route !== undefined && { arguments: { add: hint.route } }),
      text: hint.text,
    },
  };
  const lines = [
    `bot-bottle: blocked: ${message}`,
    ...failures.map((failure) => `  ${failure}`),
    `  hint: ${hint.text}`,
    ...(hint.route === undefined ? [] : [`  add: ${JSON.stringify(hint.route)}`]),
  ];
  return { json: `${JSON.stringify(json)}\n`, text: `${lines.join("\n")}\n` };
}
