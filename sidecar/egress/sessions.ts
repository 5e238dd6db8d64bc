import { createServer as createHttp1, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isIP } from "node:net";
import type { Authority, HostKind } from "../../policy/egress/host.ts";
import { exchange, type ProxyContext } from "./exchange.ts";
import { markListening } from "./gate.ts";
import { LIMITS } from "./limits.ts";
import type { AgentRequest, AgentResponse, Inbound } from "./message.ts";
import type { Tunnel } from "./terminator.ts";
import { upgrade } from "./upgrade.ts";

/** What HTTP says inside a tunnel. */
export interface Channel {
  readonly scheme: "http" | "https";
  readonly tunnel: Tunnel;
}

/** Reads the requests inside tunnels, HTTP/1.1 and HTTP/2. Neither server ever listens. */
export class Sessions {
  readonly #context: ProxyContext;
  readonly #http1: Server;
  readonly #http2: Http2Server;
  readonly #channels = new WeakMap<object, Channel>();
  /** The tunnel of the connection that is being handed over; that happens in one go. */
  #arriving: Channel | undefined;

  constructor(context: ProxyContext) {
    this.#context = context;
    this.#http1 = createHttp1({
      maxHeaderSize: LIMITS.headerBytes,
      keepAliveTimeout: LIMITS.keepAliveMs,
    });
    markListening(this.#http1);
    this.#http1.maxHeadersCount = LIMITS.headerCount;
    const serve = (request: AgentRequest, response: AgentResponse): void => {
      this.#serve(request, response);
    };
    this.#http1.on("request", serve);
    this.#http1.on("checkContinue", (request, response) => {
      response.writeContinue();
      serve(request, response);
    });
    this.#http1.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#http1.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      else socket.destroy();
    });
    this.#http2 = createHttp2({
      settings: { maxConcurrentStreams: LIMITS.streams, enablePush: false },
      maxHeaderListPairs: LIMITS.headerCount,
    });
    this.#http2.on("session", (session) => this.#sessionOpened(session));
    this.#http2.on("sessionError", () => {});
    this.#http2.on("request", serve);
    this.#http2.on("checkContinue", (request, response) => {
      response.writeContinue();
      serve(request, response);
    });
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

  #serve(request: AgentRequest, response: AgentResponse): void {
    const inbound = this.#inbound(request);
    if (inbound === undefined) return void response.destroy();
    void exchange(this.#context, { request, response }, inbound);
  }

  #upgrade(request: IncomingMessage, socket: unknown, head: Uint8Array): void {
    const inbound = this.#inbound(request);
    const raw = socket as Socket;
    if (inbound === undefined) return void raw.destroy();
    void upgrade(this.#context, { request, socket: raw, head }, inbound);
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
