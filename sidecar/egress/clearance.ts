import { decideRequest, type RequestView } from "../../policy/egress/decide.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { forwardedHeaders } from "../../policy/egress/forwarded_headers.ts";
import { formatAuthority } from "../../policy/egress/host.ts";
import { introspection } from "../../policy/egress/routes_yaml.ts";
import type { Verdict } from "../../policy/egress/verdict.ts";
import type { Secret } from "../../policy/secret.ts";
import type { BodyRoom } from "./body_room.ts";
import type { InboundScans } from "./inbound_scans.ts";
import type { LivePolicy, Snapshot } from "./live_policy.ts";
import type { EgressLog } from "./log.ts";
import type { MemoryGuard } from "./memory.ts";
import { type AgentRequest, type Inbound, pairs } from "./message.ts";
import type { OutboundScreen } from "./outbound.ts";
import { denialAnswer, type OwnAnswer } from "./reply.ts";

/** What every request is handled with. */
export interface ProxyContext {
  readonly live: LivePolicy;
  readonly tokens: ReadonlyMap<string, Secret>;
  readonly log: EgressLog;
  readonly memory: MemoryGuard;
  readonly bodies: BodyRoom;
  readonly outbound: OutboundScreen;
  readonly inbound: InboundScans;
}

type Forward = Extract<Verdict, { action: "forward" }>;

/** A request whose every rule is satisfied and whose upstream headers are made. */
export interface Cleared {
  readonly verdict: Forward;
  readonly snapshot: Snapshot;
  /** What was decided on. */
  readonly view: RequestView;
  readonly webSocket: boolean;
  readonly headers: readonly Header[];
  /** Canonical host with its port when that is not the scheme's own. */
  readonly authority: string;
  readonly scheme: "http" | "https";
}

/** Steps 1, 2, 4, 5 and 7 for one request: what goes upstream, or what is answered instead. */
export function clear(
  context: ProxyContext,
  request: AgentRequest,
  inbound: Inbound,
  options: { readonly webSocket: boolean },
): Cleared | OwnAnswer {
  const headers = pairs(request.rawHeaders);
  const pseudo = "authority" in request ? request.authority : undefined;
  const view: RequestView = {
    scheme: inbound.scheme,
    method: request.method ?? "",
    authority: inbound.authority,
    hostHeaders: headers.filter(([name]) => name.toLowerCase() === "host").map(([, v]) => v),
    ...(pseudo ? { pseudoAuthority: pseudo } : {}),
    ...(inbound.sni === undefined ? {} : { sni: inbound.sni }),
    rawTarget: inbound.rawTarget,
    headers,
  };
  return decide(context, view, { snapshot: context.live.current, ...options });
}

/** The same for a request that was rewritten: under the policy that it started with. */
export function reclear(
  context: ProxyContext,
  { snapshot, view, webSocket }: Cleared,
  rewritten: Pick<RequestView, "rawTarget" | "headers">,
): Cleared | OwnAnswer {
  return decide(context, { ...view, ...rewritten }, { snapshot, webSocket });
}

function decide(
  context: ProxyContext,
  view: RequestView,
  options: { readonly snapshot: Snapshot; readonly webSocket: boolean },
): Cleared | OwnAnswer {
  const { snapshot, webSocket } = options;
  const { method, scheme, authority: { host, kind } } = view;
  const verdict = decideRequest(snapshot.compiled, view);
  if (verdict.action === "introspect") {
    return { status: 200, body: `${JSON.stringify(introspection(snapshot.compiled.policy))}\n` };
  }
  if (verdict.action === "deny") {
    logBlock(context, { host, method, path: view.rawTarget }, verdict);
    return denialAnswer(verdict);
  }
  const auth = verdict.route.auth;
  const token = auth === undefined ? undefined : context.tokens.get(auth.tokenEnv)?.reveal();
  const forwarded = forwardedHeaders(verdict.route, view.headers, token, { webSocket });
  if (!forwarded.ok) {
    logBlock(context, { host, method, path: verdict.path }, forwarded.deny);
    return denialAnswer(forwarded.deny);
  }
  const isDefaultPort = verdict.port === (scheme === "https" ? 443 : 80);
  const authority = formatAuthority(host, kind, isDefaultPort ? undefined : verdict.port);
  return { verdict, snapshot, view, webSocket, headers: forwarded.headers, authority, scheme };
}

function logBlock(
  context: ProxyContext,
  request: { readonly host: string; readonly method: string; readonly path: string },
  denial: { readonly status: number; readonly reason: string; readonly message: string },
): void {
  const reason = `${denial.reason}: ${denial.message}`;
  const path = request.path.split("?", 1)[0] ?? "";
  context.log.event({ event: "egress_block", ...request, path, status: denial.status, reason });
}
