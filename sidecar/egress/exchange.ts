import { clear, type Cleared, type ProxyContext } from "./clearance.ts";
import { cutResponse } from "./cut.ts";
import { DialError } from "./dial.ts";
import { relayResponse } from "./inbound.ts";
import { limitAcceptEncoding } from "./inbound_codings.ts";
import { hintsTo } from "./inbound_hints.ts";
import type { AgentRequest, AgentResponse, Inbound, UpstreamRequest } from "./message.ts";
import { OutboundDenied } from "./outbound.ts";
import { type Outgoing, screenBody } from "./outbound_body.ts";
import { screenHead } from "./outbound_head.ts";
import { answer, denialAnswer, failureAnswer } from "./reply.ts";

export { clear, type Cleared, type ProxyContext } from "./clearance.ts";

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
  const decided = clear(context, request, inbound, { webSocket: false });
  if ("body" in decided) return answer(request, response, decided);
  const { host, path, query } = decided.verdict;
  const about = { host, method: request.method ?? "", path, query };
  context.log.event({ event: "egress_request", ...about });
  const signal = whenGone(response);
  using scope = new DisposableStack();
  let outgoing: Outgoing | undefined;
  try {
    const cleared = await screenHead(context, decided, signal);
    if ("body" in cleared) return answer(request, response, cleared);
    outgoing = await screenBody(context, cleared, request, { signal, scope });
    const outbound = upstreamRequest(context, { cleared, outgoing, response, signal });
    const http2 = request.httpVersionMajor === 2;
    const inboundResponse = await cleared.snapshot.upstreams.send(outbound, { http2 });
    const { route } = cleared.verdict;
    const sent = await relayResponse(context, inboundResponse, { request, response, route, about });
    const ms = Math.round(performance.now() - started);
    context.log.event({ event: "egress_response", ...about, ...sent, ms });
  } catch (error) {
    const denial = outgoing?.denial();
    const cause = denial === undefined ? error : new OutboundDenied(denial);
    fail(context, messages, { ...about, ms: Math.round(performance.now() - started) }, cause);
  }
}

/** Aborts when the agent goes away before it has its response. */
function whenGone(response: AgentResponse): AbortSignal {
  const gone = new AbortController();
  // A response that was sent whole also closes; its connection to the upstream is kept for others.
  response.once("close", () => {
    if (!response.writableFinished) gone.abort(new Error("the agent went away"));
  });
  return gone.signal;
}

function upstreamRequest(
  context: ProxyContext,
  { cleared, outgoing, response, signal }: {
    readonly cleared: Cleared;
    readonly outgoing: Outgoing;
    readonly response: AgentResponse;
    readonly signal: AbortSignal;
  },
): UpstreamRequest {
  const { verdict, scheme, authority, view } = cleared;
  const { host, port, route } = verdict;
  return {
    origin: { scheme, host, port, route },
    method: view.method,
    target: verdict.target,
    headers: limitAcceptEncoding(outgoing.headers),
    authority,
    body: outgoing.body,
    trailers: () => outgoing.trailers(),
    onInformation: hintsTo(response, context.inbound.echo),
    signal,
  };
}

function fail(
  context: ProxyContext,
  messages: { readonly request: AgentRequest; readonly response: AgentResponse },
  about: { readonly host: string; readonly method: string; readonly path: string; ms: number },
  error: unknown,
): void {
  const { request, response } = messages;
  const isOpen = !response.headersSent && !response.destroyed;
  // The scan has logged it.
  if (error instanceof OutboundDenied) {
    return isOpen ? answer(request, response, denialAnswer(error.denial)) : cutResponse(response);
  }
  if (error instanceof DialError && isOpen) {
    const event = error.status === 403 ? "egress_block" : "egress_warn";
    const reason = `${error.reason}: ${error.message}`;
    context.log.event({ event, ...about, status: error.status, reason });
    return answer(request, response, failureAnswer(about.host, error));
  }
  const reason = error instanceof Error ? error.message : String(error);
  context.log.event({ event: "egress_warn", ...about, reason: `aborted: ${reason}` });
  cutResponse(response);
}
