import type { Server } from "node:http";
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isIP } from "node:net";
import type { Authority, HostKind } from "../../policy/egress/host.ts";
import { malformed } from "../../policy/egress/verdict.ts";
import { admit } from "./admission.ts";
import type { ProxyContext } from "./exchange.ts";
import { markListening } from "./gate.ts";
import { createHttp1Server, refuseRaw } from "./http1_server.ts";
import { LIMITS } from "./limits.ts";
import type { AgentRequest, AgentResponse, Inbound } from "./message.ts";
import type { Tunnel } from "./terminator.ts";

/** What HTTP says inside a tunnel. */
export interface Channel {
  readonly scheme: "http" | "https";
  readonly tunnel: Tunnel;
}

/** Reads the requests inside tunnels, HTTP/1.1 and HTTP/2. Neither server ever listens. */
export class Sessions {
  readonly #http1: Server;
  readonly #http2: Http2Server;
  readonly #channels = new WeakMap<object, Channel>();
  /** The tunnel of the connection that is being handed over; that happens in one go. */
  #arriving: Channel | undefined;

  constructor(context: ProxyContext) {
    this.#http1 = createHttp1Server(context, {
      inboundOf: (request) => this.#inbound(request),
      hostOf: (socket) => this.#channels.get(socket)?.tunnel.host ?? "",
    });
    markListening(this.#http1);
    this.#http1.on("connect", (request, stream) => {
      const socket = stream as Socket;
      const host = this.#channels.get(socket)?.tunnel.host ?? "";
      const denial = malformed("method_refused", "there are no tunnels inside a tunnel", host);
      refuseRaw(context, { request, socket }, denial);
    });
    this.#http2 = createHttp2({
      settings: { maxConcurrentStreams: LIMITS.streams, enablePush: false },
      maxHeaderListPairs: LIMITS.headerCount,
    });
    this.#http2.on("session", (session) => this.#sessionOpened(session));
    this.#http2.on("sessionError", () => {});
    const serve = (request: AgentRequest, response: AgentResponse): void => {
      const inbound = this.#inbound(request);
      if (inbound === undefined) return void response.destroy();
      admit(context, { request, response }, inbound);
    };
    this.#http2.on("request", serve);
    this.#http2.on("checkContinue", serve);
    this.#http2.on("checkExpectation", serve);
  }

  /** Takes a tunnel whose handshake is done. */
  secured(socket: TLSSocket, tunnel: Tunnel): void {
    const channel: Channel = { scheme: "https", tunnel };
    if (socket.alpnProtocol !== "h2") return this.#takeHttp1(socket, channel);
    this.#arriving = channel;
    this.#http2.emit("connection", socket);
    this.#arriving = undefined;
  }

  /** Takes a tunnel in which plain HTTP is spoken. */
  plain(socket: Socket, tunnel: Tunnel): void {
    this.#takeHttp1(socket, { scheme: "http", tunnel });
    socket.resume();
  }

  #takeHttp1(socket: Socket, channel: Channel): void {
    this.#channels.set(socket, channel);
    this.#http1.emit("connection", socket);
  }

  #sessionOpened(session: ServerHttp2Session): void {
    if (this.#arriving === undefined) return session.destroy();
    this.#channels.set(session, this.#arriving);
    session.on("error", () => session.destroy());
    guardResets(session);
  }

  #inbound(request: AgentRequest): Inbound | undefined {
    const owner = "stream" in request ? request.stream.session : request.socket;
    const channel = owner === undefined ? undefined : this.#channels.get(owner);
    if (channel === undefined) return undefined;
    const { tunnel, scheme } = channel;
    return {
      scheme,
      authority: authorityOf(tunnel),
      ...(tunnel.sni === undefined ? {} : { sni: tunnel.sni }),
      rawTarget: request.url ?? "",
    };
  }
}

function authorityOf(tunnel: Tunnel): Authority {
  const kinds: Record<number, HostKind> = { 0: "name", 4: "ipv4", 6: "ipv6" };
  return { host: tunnel.host, kind: kinds[isIP(tunnel.host)] ?? "name", port: tunnel.port };
}

/**
 * Ends a connection that keeps opening requests and abandoning them (CVE-2023-44487). A reset that
 * arrives together with its request goes unnoticed in Deno 2.9.6, so such requests stay open here
 * while the client believes to be within the limit of open ones.
 */
function guardResets(session: ServerHttp2Session): void {
  let open = 0;
  let resets = 0;
  let windowStart = Date.now();
  session.on("stream", (stream) => {
    if (++open > 2 * LIMITS.streams) return session.destroy();
    stream.once("close", () => open--);
    stream.once("aborted", () => {
      if (Date.now() - windowStart > LIMITS.resetWindowMs) {
        windowStart = Date.now();
        resets = 0;
      }
      if (++resets > LIMITS.resets) session.destroy();
    });
  });
}
