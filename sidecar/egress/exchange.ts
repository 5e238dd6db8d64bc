import { decideRequest } from "../../policy/egress/decide.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { forwardedHeaders, forwardedTrailers } from "../../policy/egress/forwarded_headers.ts";
import { formatAuthority } from "../../policy/egress/host.ts";
import { introspection } from "../../policy/egress/routes_yaml.ts";
import type { Verdict } from "../../policy/egress/verdict.ts";
import type { Secret } from "../../policy/secret.ts";
import { readAhead } from "./body.ts";
import { DialError } from "./dial.ts";
import { cutResponse } from "./cut.ts";
import { relayResponse } from "./inbound.ts";
import { limitAcceptEncoding } from "./inbound_codings.ts";
import { redactHeaders } from "./inbound_head.ts";
import type { InboundScans } from "./inbound_scans.ts";
import type { LivePolicy, Snapshot } from "./live_policy.ts";
import type { EgressLog } from "./log.ts";
import type { MemoryGuard } from "./memory.ts";
import {
  type AgentRequest,
  type AgentResponse,
  type Inbound,
  pairs,
  type UpstreamRequest,
} from "./message.ts";
import { answer, denialAnswer, failureAnswer, type OwnAnswer } from "./reply.ts";

/** What every request is handled with. */
export interface ProxyContext {
  readonly live: LivePolicy;
  readonly tokens: ReadonlyMap<string, Secret>;
  readonly log: EgressLog;
  readonly memory: MemoryGuard;
  readonly inbound: InboundScans;
}

type Forward = Extract<Verdict, { action: "forward" }>;

/** A request whose every rule is satisfied and whose upstream headers are made. */
export interface Cleared {
  readonly verdict: Forward;
  readonly snapshot: Snapshot;
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
  const snapshot = context.live.current;
  const method = request.method ?? "";
  const headers = pairs(request.rawHeaders);
  const pseudo = "authority" in request ? request.authority : undefined;
  const verdict = decideRequest(snapshot.compiled, {
    scheme: inbound.scheme,
    method,
    authority: inbound.authority,
    hostHeaders: headers.filter(([name]) => name.toLowerCase() === "host").map(([, v]) => v),
    ...(pseudo ? { pseudoAuthority: pseudo } : {}),
    ...(inbound.sni === undefined ? {} : { sni: inbound.sni }),
    rawTarget: inbound.rawTarget,
    headers,
  });
  const { host } = inbound.authority;
  if (verdict.action === "introspect") {
    return { status: 200, body: `${JSON.stringify(introspection(snapshot.compiled.policy))}\n` };
  }
  if (verdict.action === "deny") {
    logBlock(context, { host, method, path: inbound.rawTarget }, verdict);
    return denialAnswer(verdict);
  }
  const auth = verdict.route.auth;
  const token = auth === undefined ? undefined : context.tokens.get(auth.tokenEnv)?.reveal();
  const forwarded = forwardedHeaders(verdict.route, headers, token, options);
  if (!forwarded.ok) {
    logBlock(context, { host, method, path: verdict.path }, forwarded.deny);
    return denialAnswer(forwarded.deny);
  }
  const isDefaultPort = verdict.port === (inbound.scheme === "https" ? 443 : 80);
  const port = isDefaultPort ? undefined : verdict.port;
  const authority = formatAuthority(host, inbound.authority.kind, port);
  return { verdict, snapshot, headers: forwarded.headers, authority, scheme: inbound.scheme };
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

/** Decides on one request and, when it may go, relays it and its response. Never rejects. */
export async function exchange(
  context: ProxyContext,
  messages: { readonly request: AgentRequest; readonly response: AgentResponse },
  inbound: Inbound,
): Promise<void> {
  const { request, response } = messages;
  const started = performance.now();
  request.on("error", () => {});
  response.on("error", () => response.destroy());
  const cleared = clear(context, request, inbound, { webSocket: false });
  if ("body" in cleared) return answer(request, response, cleared);
  const { verdict: { host, path, query } } = cleared;
  const about = { host, method: request.method ?? "", path, query };
  context.log.event({ event: "egress_request", ...about });
  try {
    const outbound = await upstreamRequest(context, cleared, { request, response });
    const http2 = request.httpVersionMajor === 2;
    const inboundResponse = await cleared.snapshot.upstreams.send(outbound, { http2 });
    const { route } = cleared.verdict;
    const sent = await relayResponse(context, inboundResponse, { request, response, route, about });
    const ms = Math.round(performance.now() - started);
    context.log.event({
      event: "egress_response",
      ...about,
      ...sent,
      ms,
    });
  } catch (error) {
    fail(context, messages, { ...about, ms: Math.round(performance.now() - started) }, error);
  }
}

/** Where the outbound scan goes: what `body` gives is what the upstream gets. */
async function upstreamRequest(
  context: ProxyContext,
  cleared: Cleared,
  { request, response }: { readonly request: AgentRequest; readonly response: AgentResponse },
): Promise<UpstreamRequest> {
  const gone = new AbortController();
  // A response that was sent whole also closes; its connection to the upstream is kept for others.
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const { verdict } = cleared;
  return {
    origin: {
      scheme: cleared.scheme,
      host: verdict.host,
      port: verdict.port,
      route: verdict.route,
    },
    method: request.method ?? "GET",
    target: verdict.target,
    headers: limitAcceptEncoding(cleared.headers),
    authority: cleared.authority,
    body: hasBody(request) ? await readAhead(request, declaredLength(request)) : undefined,
    trailers: () => forwardedTrailers(verdict.route, pairs(request.rawTrailers)),
    onInformation: (status, headers) =>
      earlyHints(response, status, redactHeaders(headers, context.inbound.echo)),
    signal: gone.signal,
  };
}

function declaredLength(request: AgentRequest): number {
  return Number(request.headers["content-length"] ?? 0);
}

function hasBody(request: AgentRequest): boolean {
  if ("stream" in request) {
    return !(request.stream as { endAfterHeaders?: boolean }).endAfterHeaders;
  }
  const length = request.headers["content-length"];
  return request.headers["transfer-encoding"] !== undefined ||
    (length !== undefined && Number(length) > 0);
}

function earlyHints(response: AgentResponse, status: number, headers: readonly Header[]): void {
  if (status !== 103 || response.headersSent) return;
  const link = headers.filter(([name]) => name.toLowerCase() === "link").map(([, v]) => v);
  if (link.length > 0) response.writeEarlyHints({ link });
}

function fail(
  context: ProxyContext,
  messages: { readonly request: AgentRequest; readonly response: AgentResponse },
  about: { readonly host: string; readonly method: string; readonly path: string; ms: number },
  error: unknown,
): void {
  const { request, response } = messages;
  if (error instanceof DialError && !response.headersSent && !response.destroyed) {
    const event = error.status === 403 ? "egress_block" : "egress_warn";
    const reason = `${error.reason}: ${error.message}`;
    context.log.event({ event, ...about, status: error.status, reason });
    return answer(request, response, failureAnswer(about.host, error));
  }
  const reason = error instanceof Error ? error.message : String(error);
  context.log.event({ event: "egress_warn", ...about, reason: `aborted: ${reason}` });
  cutResponse(response);
}
