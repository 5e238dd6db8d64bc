import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { decideConnect } from "../../policy/egress/decide.ts";
import { parseAuthority } from "../../policy/egress/host.ts";
import { splitAbsoluteTarget } from "../../policy/egress/path.ts";
import { INTROSPECTION_HOST } from "../../policy/egress/route_host.ts";
import { malformed } from "../../policy/egress/verdict.ts";
import { exchange, type ProxyContext } from "./exchange.ts";
import { LIMITS } from "./limits.ts";
import type { AgentRequest, AgentResponse, Inbound } from "./message.ts";
import { answer, denialAnswer, type OwnAnswer, rawAnswer } from "./reply.ts";
import type { Sessions } from "./sessions.ts";
import type { Terminator, Tunnel } from "./terminator.ts";
import { upgrade } from "./upgrade.ts";

/** First byte of a TLS record that holds a handshake message. */
const TLS_HANDSHAKE = 0x16;

/** What the listening server hands requests to. */
export interface FrontOptions {
  readonly context: ProxyContext;
  readonly terminator: Terminator;
  readonly sessions: Sessions;
}

/** Makes the server that the bottle talks to: absolute-form requests and CONNECT. */
export function createFront(options: FrontOptions): Server {
  const { context } = options;
  const server = createServer({
    maxHeaderSize: LIMITS.headerBytes,
    headersTimeout: LIMITS.headersMs,
    requestTimeout: 0,
    keepAliveTimeout: LIMITS.keepAliveMs,
  });
  server.maxConnections = LIMITS.connections;
  server.maxHeadersCount = LIMITS.headerCount;
  const serve = (request: AgentRequest, response: AgentResponse): void => {
    const inbound = inboundOf(request);
    if ("body" in inbound) return answer(request, response, inbound);
    void exchange(context, { request, response }, inbound);
  };
  server.on("connection", (socket: Socket) => {
    socket.setNoDelay(true);
    socket.setTimeout(LIMITS.idleMs, () => socket.destroy());
  });
  server.on("request", serve);
  server.on("checkContinue", (request, response) => {
    response.writeContinue();
    serve(request, response);
  });
  server.on("upgrade", (request, stream, head) => {
    const socket = stream as Socket;
    const inbound = inboundOf(request);
    if ("body" in inbound) return void socket.end(rawAnswer(inbound, "Bad Request"));
    void upgrade(context, { request, socket, head }, inbound);
  });
  server.on("connect", (request, stream, head) => {
    void connect(options, { request, socket: stream as Socket, head });
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
}

/** Where an absolute-form request goes; the proxy's own host may be asked directly. */
function inboundOf(request: AgentRequest): Inbound | OwnAnswer {
  const url = request.url ?? "";
  const split = splitAbsoluteTarget(url);
  if (split.ok) {
    return { scheme: "http", authority: split.authority, rawTarget: split.rawTarget };
  }
  const named = parseAuthority(request.headers.host ?? "");
  if (url.startsWith("/") && named.ok && named.host === INTROSPECTION_HOST) {
    const { host, kind, port = 80 } = named;
    return { scheme: "http", authority: { host, kind, port }, rawTarget: url };
  }
  const message = `this is an HTTP proxy, and the request target is no use to it: ${split.reason}`;
  return denialAnswer(malformed("bad_target", message));
}

/** Answers a CONNECT and starts what follows it. Never rejects. */
async function connect(
  options: FrontOptions,
  asked: { request: IncomingMessage; socket: Socket; head: Uint8Array },
): Promise<void> {
  const { context, terminator } = options;
  const { request, socket, head } = asked;
  socket.on("error", () => socket.destroy());
  const text = request.url ?? "";
  const verdict = decideConnect(context.live.current.compiled, text);
  if (verdict.action === "deny") {
    const { host, status, reason, message } = verdict;
    const line = `${reason}: ${message}`;
    context.log.event({ event: "egress_block", host, method: "CONNECT", status, reason: line });
    const phrase = status === 403 ? "Forbidden" : "Bad Request";
    return void socket.end(rawAnswer(denialAnswer(verdict), phrase));
  }
  const { host, port } = verdict.authority;
  const tunnel: Tunnel = { host, port };
  try {
    const server = await terminator.prepare(host);
    if (socket.destroyed) return;
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    const first = head.length > 0 || port === 443 ? head : await firstBytes(socket);
    if (first.length > 0) socket.unshift(first);
    const isTls = first.length === 0 || first[0] === TLS_HANDSHAKE;
    if (isTls) terminator.accept(server, socket, tunnel);
    else options.sessions.plain(socket, tunnel);
  } catch (error) {
    const reason = `tunnel: ${error instanceof Error ? error.message : String(error)}`;
    context.log.event({ event: "egress_warn", host, method: "CONNECT", reason });
    socket.destroy();
  }
}

/** Waits for what the client says first: TLS, or HTTP in the clear on a port that allows it. */
function firstBytes(socket: Socket): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(), LIMITS.handshakeMs);
    const onClose = (): void => {
      clearTimeout(timer);
      reject(new Error("the client closed before it said anything"));
    };
    socket.once("close", onClose);
    socket.once("data", (chunk: Uint8Array) => {
      clearTimeout(timer);
      socket.off("close", onClose);
      socket.pause();
      resolve(chunk);
    });
  });
}
