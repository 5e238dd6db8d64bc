import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type Denial, malformed } from "../../policy/egress/verdict.ts";
import { admit, faultOf, Turns } from "./admission.ts";
import type { ProxyContext } from "./exchange.ts";
import { LIMITS } from "./limits.ts";
import type { AgentRequest, AgentResponse, Inbound } from "./message.ts";
import { logDenial } from "./refusal.ts";
import { denialAnswer, rawAnswer } from "./reply.ts";
import { upgrade } from "./upgrade.ts";

/** Where the requests of a server go. */
export interface Http1Options {
  /** Undefined when the connection is not one that was handed to the server. */
  readonly inboundOf: (request: IncomingMessage) => Inbound | Denial | undefined;
  /** The host that all requests of a connection go to, where there is one. */
  readonly hostOf: (socket: Socket) => string;
}

/** Options of Node's that the types do not have. */
interface UntypedOptions {
  readonly requireHostHeader: boolean;
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean;
}

/** Makes a server of HTTP/1.1 that refuses whatever could be read in two ways, and tells of it. */
export function createHttp1Server(context: ProxyContext, options: Http1Options): Server {
  const settings: Parameters<typeof createServer>[0] & UntypedOptions = {
    maxHeaderSize: LIMITS.headerBytes,
    headersTimeout: LIMITS.headersMs,
    connectionsCheckingInterval: LIMITS.headersCheckMs,
    requestTimeout: 0,
    keepAliveTimeout: LIMITS.keepAliveMs,
    // It is missed where it matters, and told of.
    requireHostHeader: false,
    // Any other protocol (h2c) is an offer that may be passed over (RFC 9110, section 7.8).
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
  };
  const server = createServer(settings);
  const turns = new Turns(context.log);
  const serve = (request: AgentRequest, response: AgentResponse): void => {
    const inbound = options.inboundOf(request as IncomingMessage);
    if (inbound === undefined) return void response.destroy();
    admit(context, { request, response }, inbound, turns);
  };
  server.on("request", serve);
  server.on("checkContinue", serve);
  server.on("checkExpectation", serve);
  server.on("upgrade", (request, stream, head) => {
    const socket = stream as Socket;
    const inbound = options.inboundOf(request);
    if (inbound === undefined) return void socket.destroy();
    const denial = leavingFault(request, socket, inbound);
    if (denial !== undefined) return refuseRaw(context, { request, socket }, denial);
    if ("authority" in inbound) void upgrade(context, { request, socket, head }, inbound);
  });
  server.on("clientError", (error: Error & { code?: string }, stream) => {
    const socket = stream as Socket;
    if (BROKEN.has(error.code ?? "")) return void socket.destroy();
    // What follows a request that closes its connection is passed over (RFC 9112, section 9.6).
    if ((socket as Busy)._httpMessage?.shouldKeepAlive === false) return;
    const denial = parseDenial(error.code, options.hostOf(socket));
    refuseRaw(context, { socket }, denial);
  });
  return server;
}

/** The connection ended, which is nobody's fault. */
const BROKEN: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** Node's name for the response that a connection is busy with. */
interface Busy {
  readonly _httpMessage?: {
    readonly headersSent: boolean;
    readonly writableEnded: boolean;
    readonly shouldKeepAlive: boolean;
  } | null;
}

function parseDenial(code: string | undefined, host: string): Denial {
  if (code === "HPE_HEADER_OVERFLOW") {
    const message = `the head of the request is larger than ${LIMITS.headerBytes} bytes`;
    return { ...malformed("bad_http", message, host), status: 431 };
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    const message = `the head of the request did not come within ${LIMITS.headersMs} ms`;
    return { ...malformed("bad_http", message, host), status: 408 };
  }
  return malformed("bad_http", "what was sent is no well-formed HTTP/1.1", host);
}

/** What is wrong with a request that takes its connection out of HTTP. */
export function leavingFault(
  request: IncomingMessage,
  socket: Socket,
  inbound: Inbound | Denial,
): Denial | undefined {
  if ("action" in inbound) return inbound;
  const { host } = inbound.authority;
  const fault = faultOf(request, host);
  if (fault !== undefined) return fault;
  if (!(socket as Busy)._httpMessage) return undefined;
  return malformed("bad_http", "the connection still owes an answer", host);
}

/** Answers on a connection that has no response object, ends it and tells of it. */
export function refuseRaw(
  context: ProxyContext,
  asked: { readonly request?: IncomingMessage; readonly socket: Socket },
  denial: Denial,
): void {
  const { request, socket } = asked;
  const told = request === undefined
    ? {}
    : { method: request.method ?? "", rawTarget: request.url ?? "" };
  logDenial(context.log, denial, told);
  socket.on("error", () => socket.destroy());
  // What was answered already must get out, and nothing may stand in the middle of an answer.
  const busy = (socket as Busy)._httpMessage;
  if (busy?.headersSent && !busy.writableEnded) return void socket.destroy();
  if (busy?.headersSent) socket.end();
  else if (socket.writable) {
    socket.end(rawAnswer(denialAnswer(denial), STATUS_CODES[denial.status] ?? "Error"));
  }
  setTimeout(() => socket.destroy(), LIMITS.lingerMs);
}
