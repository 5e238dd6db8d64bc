import type { Server } from "node:http";
import {
  createServer as createHttp2,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isIP } from "node:net";
import type { Authority, HostKind } from "../../policy/egress/host.ts";
import { malformed } from "../../policy/egress/verdict.ts";
import { admit } from "./admission.ts";
import type { ProxyContext } from "./exchange.ts";
import { markListening } from "./gate.ts";
import { createHttp1Server, refuseRaw } from "./http1_server.ts";
import { endOutsideEvents, isEnding } from "./http2_end.ts";
import { guardSession } from "./http2_guard.ts";
import { LIMITS } from "./limits.ts";
import type { EgressLog } from "./log.ts";
import type { AgentRequest, Inbound } from "./message.ts";
import { logDenial } from "./refusal.ts";
import type { Tunnel } from "./terminator.ts";

/** What HTTP says inside a tunnel. */
export interface Channel {
  readonly scheme: "http" | "https";
  readonly tunnel: Tunnel;
}

/** Reads the requests inside tunnels, HTTP/1.1 and HTTP/2. Neither server ever listens. */
export class Sessions {
  readonly #log: EgressLog;
  readonly #http1: Server;
  readonly #http2: Http2Server;
  readonly #channels = new WeakMap<object, Channel>();
  /** The tunnel of the connection that is being handed over; that happens in one go. */
  #arriving: { readonly channel: Channel; readonly socket: Socket } | undefined;

  constructor(context: ProxyContext) {
    this.#log = context.log;
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
      // What is a little beyond the count is told of; far beyond it a stream is reset at once.
      maxHeaderListPairs: 2 * LIMITS.headerCount,
    });
    this.#http2.on("session", (session) => this.#sessionOpened(session));
    this.#http2.on("sessionError", () => {});
    const serve = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
      const { session } = request.stream;
      if (session !== undefined && isEnding(session)) return;
      const inbound = this.#inbound(request);
      if (inbound === undefined) return void response.destroy();
      admit(context, { request, response }, inbound);
    };
    this.#http2.on("request", serve);
    this.#http2.on("checkContinue", serve);
    this.#http2.on("checkExpectation", serve);
    this.#http2.on("connect", serve);
  }

  /** Takes a tunnel whose handshake is done. */
  secured(socket: TLSSocket, tunnel: Tunnel): void {
    const channel: Channel = { scheme: "https", tunnel };
    if (socket.alpnProtocol !== "h2") return this.#takeHttp1(socket, channel);
    this.#arriving = { channel, socket };
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
    endOutsideEvents(session);
    if (this.#arriving === undefined) return session.destroy();
    const { channel, socket } = this.#arriving;
    this.#channels.set(session, channel);
    // In Deno 2.9.6 a session outlives the end of its connection while a request waits in it.
    socket.once("end", () => session.destroy());
    const { host } = channel.tunnel;
    guardSession(session, socket, (message) => {
      logDenial(this.#log, malformed("bad_http", message, host));
    });
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
