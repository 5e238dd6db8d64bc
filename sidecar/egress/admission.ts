import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Socket } from "node:net";
import { type Denial, malformed } from "../../policy/egress/verdict.ts";
import { exchange, type ProxyContext } from "./exchange.ts";
import { LIMITS } from "./limits.ts";
import type { EgressLog } from "./log.ts";
import type { AgentRequest, AgentResponse, Inbound } from "./message.ts";
import { logDenial } from "./refusal.ts";
import { answer, denialAnswer } from "./reply.ts";

/** A request and its response, of either version. */
export interface Messages {
  readonly request: AgentRequest;
  readonly response: AgentResponse;
}

/**
 * Lets a parsed request in to be decided on, or refuses what the parser is too lenient about.
 * Requests that were sent ahead of an answer wait for their turn, so that they reach the upstream
 * in the order in which they were made (RFC 9112, section 9.3.2); HTTP/2 has no turns. Never throws.
 */
export function admit(
  context: ProxyContext,
  messages: Messages,
  inbound: Inbound | Denial,
  turns?: Turns,
): void {
  const { request, response } = messages;
  const denial = "action" in inbound ? inbound : faultOf(request, inbound.authority.host);
  if (denial !== undefined) return refuse(context, messages, denial);
  if ("action" in inbound) return;
  // In Deno 2.9.6 what came in one piece with a passed over offer of another protocol is lost.
  if ("shouldKeepAlive" in response && request.headers.upgrade !== undefined) {
    response.shouldKeepAlive = false;
  }
  const start = (): void => {
    const isOld = request.httpVersion === "1.0";
    if (request.headers.expect !== undefined && !isOld) response.writeContinue();
    void exchange(context, messages, inbound);
  };
  if (turns === undefined) start();
  else turns.take(messages as Http1Messages, inbound.authority.host, start);
}

interface Http1Messages {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Keeps the requests of each HTTP/1.1 connection in order, and their number within bounds. */
export class Turns {
  readonly #log: EgressLog;
  readonly #waiting = new WeakMap<object, number>();

  constructor(log: EgressLog) {
    this.#log = log;
  }

  /** Calls back once every earlier request of the connection is answered. */
  take(messages: Http1Messages, host: string, start: () => void): void {
    const { request: { socket }, response } = messages;
    if (response.socket !== null) return start();
    const count = (this.#waiting.get(socket) ?? 0) + 1;
    this.#waiting.set(socket, count);
    if (count > LIMITS.pipelined) return this.#tooMany(socket, host);
    response.once("socket", () => {
      this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1);
      start();
    });
  }

  #tooMany(socket: Socket, host: string): void {
    if (socket.destroyed) return;
    const message = `more than ${LIMITS.pipelined} requests wait for an answer`;
    logDenial(this.#log, malformed("bad_http", message, host));
    socket.destroy();
  }
}

function refuse(context: ProxyContext, messages: Messages, denial: Denial): void {
  const { request, response } = messages;
  const { method = "", url = "" } = request;
  request.on("error", () => {});
  response.on("error", () => response.destroy());
  logDenial(context.log, denial, { method, rawTarget: url });
  // Nothing that follows on a connection with a fault is what it seems.
  if (!("stream" in response)) response.shouldKeepAlive = false;
  answer(request, response, denialAnswer(denial));
}

/** What is not well-formed though the parser takes it. */
export function faultOf(request: AgentRequest, host: string): Denial | undefined {
  if (request.rawHeaders.length > 2 * LIMITS.headerCount) {
    const message = `the request has more than ${LIMITS.headerCount} headers`;
    return { ...malformed("bad_http", message, host), status: 431 };
  }
  const { expect } = request.headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
    const message = "no expectation but 100-continue can be met";
    return { ...malformed("bad_expectation", message, host), status: 417 };
  }
  const message = "stream" in request ? http2Fault(request) : http1Fault(request);
  return message === undefined ? undefined : malformed("bad_http", message, host);
}

function http2Fault(request: Http2ServerRequest): string | undefined {
  return request.scheme === "https" ? undefined : "its scheme is not that of the connection";
}

function http1Fault(request: IncomingMessage): string | undefined {
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor > 1) {
    return "it is neither HTTP/1.0 nor HTTP/1.1";
  }
  // RFC 9112, section 6.1: its sender cannot have meant it.
  const isOld = request.httpVersionMinor === 0;
  return isOld && request.headers["transfer-encoding"] !== undefined
    ? "a request of HTTP/1.0 has no Transfer-Encoding"
    : undefined;
}
