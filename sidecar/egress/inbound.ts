import type { Readable, Writable } from "node:stream";
import { forbidden } from "../../policy/egress/verdict.ts";
import type { Route } from "../../policy/egress/route.ts";
import { cutResponse } from "./cut.ts";
import { DialError } from "./dial.ts";
import type { ProxyContext } from "./exchange.ts";
import { arrived } from "./inbound_arrival.ts";
import { contentCodings } from "./inbound_codings.ts";
import { decodeBody } from "./inbound_decode.ts";
import { agentHeaders, redactHeaders } from "./inbound_head.ts";
import { Inspection } from "./inbound_inspection.ts";
import { InjectionFound } from "./inbound_judge.ts";
import type { AgentRequest, AgentResponse, UpstreamResponse } from "./message.ts";
import { pump } from "./pump.ts";
import { answer, denialAnswer, writeHead } from "./reply.ts";

/** The exchange that a response belongs to. */
export interface Exchange {
  readonly request: AgentRequest;
  readonly response: AgentResponse;
  readonly route: Route;
  /** As it is logged. */
  readonly about: { readonly host: string; readonly method: string; readonly path: string };
}

/** What the agent got. */
export interface Relayed {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
}

/**
 * Step 8: sends the upstream's response to the agent as it arrives, with the secrets masked that it
 * repeats. A prompt injection is answered with 403 as long as nothing was sent, and cuts the
 * connection later. A response is decoded when it is looked into, and then goes on decoded.
 * Rejects with {@linkcode DialError} when the response cannot be looked into, before anything was
 * sent, and with another error when either side breaks off.
 */
export async function relayResponse(
  context: ProxyContext,
  upstream: UpstreamResponse,
  exchange: Exchange,
): Promise<Relayed> {
  const { request, response, route } = exchange;
  // It may break off while nobody listens; whoever reads it learns of that.
  upstream.body.on("error", () => {});
  const { echo } = context.inbound;
  const isScanned = route.dlp.inboundDetectors.includes("naive_injection_detection");
  const injection = isScanned ? context.inbound.injection : undefined;
  const codings = contentCodings(upstream.headers);
  const isInspected = injection !== undefined || echo !== undefined;
  if (isInspected && !codings.ok) throw unreadable(upstream, codings.reason);
  const list = isInspected && codings.ok ? codings.list : [];
  const hasNoBody = request.method === "HEAD" || BODILESS.has(upstream.status);
  if (list.length > 0 && upstream.status === 206 && !hasNoBody) {
    throw unreadable(upstream, "it is a part of a coded body, which nothing can decode");
  }
  const headers = agentHeaders(upstream.headers, { isDecoded: list.length > 0, echo });
  if (hasNoBody) {
    writeHead(response, upstream.status, headers);
    upstream.body.resume();
    response.end();
    return { status: upstream.status, bytes: 0 };
  }
  const body = list.length > 0 ? decodeBody(upstream.body, list) : upstream.body;
  const inspection = isInspected
    ? new Inspection({
      headers: upstream.headers,
      injection,
      echo,
      onWarning: (reason) => warn(context, exchange, `injection_suspected: ${reason}`),
    })
    : undefined;
  try {
    const bytes = await sendBody(context, { upstream, body, headers, inspection }, response);
    const masked = inspection?.masked ?? [];
    if (masked.length > 0) warn(context, exchange, `echoed_secret: ${masked.join(", ")} masked`);
    return { status: upstream.status, bytes };
  } catch (error) {
    upstream.body.destroy();
    if (!(error instanceof InjectionFound)) throw error;
    return block(context, exchange, { status: upstream.status, message: error.message });
  }
}

/** End at their headers whatever these say (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

interface Outgoing {
  readonly upstream: UpstreamResponse;
  /** Decoded. */
  readonly body: Readable;
  readonly headers: ReturnType<typeof agentHeaders>;
  readonly inspection: Inspection | undefined;
}

async function sendBody(
  context: ProxyContext,
  { upstream, body, headers, inspection }: Outgoing,
  response: AgentResponse,
): Promise<number> {
  let bytes = 0;
  const inspect = (chunk: Uint8Array): Uint8Array => {
    context.memory.relayed(chunk.length);
    const isAll = body.readableEnded;
    const passed = inspection === undefined ? chunk : inspection.push(chunk, { isAll });
    bytes += passed.length;
    return passed;
  };
  const sink = response as Writable;
  // What is there already is judged before the headers go, so that a refusal can be told.
  const first = inspection === undefined ? undefined : await arrived(upstream, body);
  const start = first === undefined ? NOTHING : inspect(first);
  const finish = (): Uint8Array => {
    if (!upstream.isWhole()) throw brokeOff(response);
    const rest = inspection?.end() ?? NOTHING;
    bytes += rest.length;
    return rest;
  };
  let rest = body.readableEnded ? finish() : undefined;
  writeHead(response, upstream.status, headers);
  if (start.length > 0) sink.write(start);
  if (rest === undefined) {
    // A slow first byte must not keep the headers back.
    if (start.length === 0 && "flushHeaders" in response) response.flushHeaders();
    await pump(body, sink, inspect);
    rest = finish();
  }
  if (rest.length > 0) sink.write(rest);
  const trailers = redactHeaders(upstream.trailers(), context.inbound.echo);
  if (trailers.length > 0) {
    response.addTrailers(Object.fromEntries(trailers.map(([name, value]) => [name, value])));
  }
  response.end();
  return bytes;
}

/** Can be told as long as nothing was sent. */
function brokeOff(response: AgentResponse): Error {
  const message = "the upstream broke off";
  return response.headersSent ? new Error(message) : new DialError(502, "upstream_failed", message);
}

const NOTHING = new Uint8Array(0);

function unreadable(upstream: UpstreamResponse, why: string): DialError {
  upstream.body.destroy();
  const message = `the response cannot be looked into: ${why}`;
  return new DialError(502, "response_unreadable", message);
}

function warn(context: ProxyContext, exchange: Exchange, reason: string): void {
  context.log.event({ event: "egress_warn", ...exchange.about, reason });
}

function block(
  context: ProxyContext,
  { request, response, about }: Exchange,
  found: { readonly status: number; readonly message: string },
): Relayed {
  const isUnsent = !response.headersSent;
  const status = isUnsent ? 403 : found.status;
  const how = isUnsent ? "" : "; the connection was cut";
  const reason = `injection_found: ${found.message}${how}`;
  context.log.event({ event: "egress_block", ...about, status, reason });
  if (!isUnsent) {
    cutResponse(response);
    return { status, bytes: 0 };
  }
  const text = "Do without this content; an operator can turn the detector off for the route";
  const denial = forbidden("injection_found", {
    host: about.host,
    message: `the response holds a prompt injection (${found.message})`,
    hint: { text },
  });
  answer(request, response, denialAnswer(denial));
  return { status, bytes: 0 };
}
