import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { decideConnect } from "../../policy/egress/decide.ts";
import { parseAuthority } from "../../policy/egress/host.ts";
import { splitAbsoluteTarget } from "../../policy/egress/path.ts";
import { INTROSPECTION_HOST } from "../../policy/egress/route_host.ts";
import { type Denial, malformed } from "../../policy/egress/verdict.ts";
import type { ProxyContext } from "./exchange.ts";
import { createHttp1Server, leavingFault, refuseRaw } from "./http1_server.ts";
import { LIMITS } from "./limits.ts";
import { type AgentRequest, type Inbound, pairs } from "./message.ts";
import { logDenial } from "./refusal.ts";
import type { Sessions } from "./sessions.ts";
import type { Terminator, Tunnel } from "./terminator.ts";

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
  const server = createHttp1Server(options.context, { inboundOf, hostOf: () => "" });
  server.maxConnections = LIMITS.connections;
  // Nothing moves on a connection whose request waits for a person.
  const idleMs = Math.max(LIMITS.idleMs, options.context.outbound.holdMs + LIMITS.keepAliveMs);
  server.on("connection", (socket: Socket) => {
    socket.setNoDelay(true);
    socket.setTimeout(idleMs, () => socket.destroy());
  });
  server.on("connect", (request, stream, head) => {
    void connect(options, { request, socket: stream as Socket, head });
  });
  return server;
}

/** Where an absolute-form request goes; the proxy's own host may be asked directly. */
function inboundOf(request: AgentRequest): Inbound | Denial {
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
  return malformed("bad_target", message);
}

/** Whether a CONNECT may be answered; what is wrong with it if not. */
function tunnelOf(
  context: ProxyContext,
  request: IncomingMessage,
  socket: Socket,
): Tunnel | Denial {
  const hosts = pairs(request.rawHeaders)
    .filter(([name]) => name.toLowerCase() === "host").map(([, value]) => value);
  const verdict = decideConnect(context.live.current.compiled, request.url ?? "", hosts);
  if (verdict.action === "deny") return verdict;
  const { authority } = verdict;
  const inbound: Inbound = { scheme: "http", authority, rawTarget: "" };
  const fault = leavingFault(request, socket, inbound);
  if (fault !== undefined) return fault;
  const hasBody = request.headers["transfer-encoding"] !== undefined ||
    (request.headers["content-length"] ?? "0") !== "0";
  if (hasBody) return malformed("bad_http", "a CONNECT has no body", authority.host);
  return { host: authority.host, port: authority.port };
}

/** Answers a CONNECT and starts what follows it. Never rejects. */
async function connect(
  options: FrontOptions,
  asked: { request: IncomingMessage; socket: Socket; head: Uint8Array },
): Promise<void> {
  const { context, terminator } = options;
  const { request, socket, head } = asked;
  socket.on("error", () => socket.destroy());
  const tunnel = tunnelOf(context, request, socket);
  if ("action" in tunnel) return refuseRaw(context, { request, socket }, tunnel);
  const { host, port } = tunnel;
  try {
    const server = await terminator.prepare(host);
    if (socket.destroyed) return;
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    const first = head.length > 0 || port === 443 ? head : await firstBytes(socket);
    if (first === undefined) {
      const message = `nothing was said within ${LIMITS.handshakeMs} ms`;
      logDenial(context.log, malformed("bad_http", message, host), { method: "CONNECT" });
      return void socket.destroy();
    }
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

/**
 * Waits for what the client says first: TLS, or HTTP in the clear on a port that allows it. Gives
 * undefined when that does not come in time; rejects when the client leaves.
 */
function firstBytes(socket: Socket): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => {
      clearTimeout(timer);
      reject(new Error("the client closed before it said anything"));
    };
    const onData = (chunk: Uint8Array): void => {
      clearTimeout(timer);
      socket.off("close", onClose);
      socket.pause();
      resolve(chunk);
    };
    const timer = setTimeout(() => {
      socket.off("close", onClose).off("data", onData);
      resolve(undefined);
    }, LIMITS.handshakeMs);
    socket.once("close", onClose).once("data", onData);
  });
}
