import { createHash } from "node:crypto";
import { type IncomingMessage, request as httpRequest, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { DialError, type Origin } from "./dial.ts";
import { clear, type Cleared, type ProxyContext } from "./clearance.ts";
import { redactHeaders } from "./inbound_head.ts";
import { LIMITS } from "./limits.ts";
import { type Inbound, pairs, responseHeaders } from "./message.ts";
import { screenHead, subjectOf } from "./outbound_head.ts";
import { failureAnswer, type OwnAnswer, rawAnswer } from "./reply.ts";
import { type Agreed, limitExtensions, readAnswer } from "./websocket/extension.ts";
import { relayWebSocket } from "./websocket/relay.ts";

/** A request that asks to leave HTTP, and the connection that it came on. */
export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What came after the request's head already. */
  readonly head: Uint8Array;
}

/** RFC 6455, section 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Relays a WebSocket: the handshake is decided on, scanned and rebuilt like any request, the
 * upstream's answer is verified, and only then do messages pass. Never rejects.
 */
export async function upgrade(
  context: ProxyContext,
  asked: UpgradeRequest,
  inbound: Inbound,
): Promise<void> {
  const { request, socket } = asked;
  socket.on("error", () => socket.destroy());
  const fault = handshakeFault(request);
  if (fault !== undefined) return refuse(socket, { status: 400, body: errorBody(fault) });
  const decided = clear(context, request, inbound, { webSocket: true });
  if ("body" in decided) return refuse(socket, decided);
  const about = { host: decided.verdict.host, method: "GET", path: decided.verdict.path };
  context.log.event({ event: "egress_request", ...about });
  const started = performance.now();
  try {
    const signal = whenGone(socket);
    const cleared = await screenHead(context, decided, signal);
    if ("body" in cleared) return refuse(socket, cleared);
    const upstream = await handshake(cleared, request.headers["sec-websocket-key"] ?? "");
    if ("status" in upstream) return refuse(socket, upstream);
    if (socket.destroyed) return void upstream.socket.destroy();
    const { agreed, ...end } = upstream;
    socket.write(switchingHead(redactHeaders(upstream.headers, context.inbound.echo), agreed));
    const bytes = await relayWebSocket(context, {
      agent: asked,
      upstream: end,
      mayCompress: agreed !== "none",
      subject: subjectOf(cleared, signal),
      about,
    });
    const ms = Math.round(performance.now() - started);
    context.log.event({ event: "egress_response", ...about, status: 101, bytes, ms });
  } catch (error) {
    const failure = error instanceof DialError ? error : new DialError(
      502,
      "upstream_failed",
      error instanceof Error ? error.message : String(error),
    );
    const event = failure.status === 403 ? "egress_block" : "egress_warn";
    const reason = `${failure.reason}: ${failure.message}`;
    context.log.event({ event, ...about, status: failure.status, reason });
    refuse(socket, failureAnswer(about.host, failure));
  }
}

/** Aborts when the agent goes away. */
function whenGone(socket: Socket): AbortSignal {
  const gone = new AbortController();
  socket.once("end", () => gone.abort()).once("close", () => gone.abort());
  return gone.signal;
}

function handshakeFault(request: IncomingMessage): string | undefined {
  if (request.method !== "GET") return "only a GET request can open a WebSocket";
  if (request.headers.upgrade?.toLowerCase() !== "websocket") {
    return "the connection can be upgraded to websocket alone";
  }
  const key = request.headers["sec-websocket-key"];
  if (key === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    return "Sec-WebSocket-Key is not well-formed";
  }
  const hasBody = request.headers["transfer-encoding"] !== undefined ||
    Number(request.headers["content-length"] ?? 0) > 0;
  return hasBody ? "a WebSocket handshake has no body" : undefined;
}

interface Joined {
  readonly socket: Socket;
  readonly head: Uint8Array;
  readonly headers: readonly Header[];
  readonly agreed: Agreed | "none";
}

/** Asks the upstream; gives its connection, or its refusal to pass on. */
async function handshake(cleared: Cleared, key: string): Promise<Joined | OwnAnswer> {
  const { verdict, snapshot } = cleared;
  const origin: Origin = {
    scheme: cleared.scheme,
    host: verdict.host,
    port: verdict.port,
    route: verdict.route,
  };
  const headers = limitExtensions(cleared.headers);
  const connection = await snapshot.upstreams.connect(origin);
  const out = httpRequest({
    createConnection: () => connection,
    method: "GET",
    path: verdict.target,
    headers: ["Host", cleared.authority, ...headers.flat()],
    setHost: false,
    maxHeaderSize: LIMITS.headerBytes,
  });
  out.setTimeout(LIMITS.idleMs, () => out.destroy(new Error("the upstream went silent")));
  return await new Promise((resolve, reject) => {
    out.once("upgrade", (response, socket, head) => {
      const accept = createHash("sha1").update(key + ACCEPT_GUID).digest("base64");
      const answered = pairs(response.rawHeaders);
      const agreed = readAnswer(headers, answered);
      const isValid = response.headers["sec-websocket-accept"] === accept &&
        response.headers.upgrade?.toLowerCase() === "websocket";
      if (isValid && agreed !== undefined) {
        return resolve({ socket, head, headers: answered, agreed });
      }
      socket.destroy();
      reject(new DialError(502, "upstream_failed", "the upstream's WebSocket answer is not valid"));
    });
    out.once("response", (response) => {
      const status = response.statusCode ?? 502;
      out.destroy();
      resolve({ status, body: errorBody(`the upstream answered ${status} to the handshake`) });
    });
    out.on("error", reject);
    out.once("close", () => reject(new Error("the upstream closed without an answer")));
    out.end();
  });
}

function switchingHead(headers: readonly Header[], agreed: Agreed | "none"): string {
  const kept = responseHeaders(headers).filter(([name]) => !NOT_PASSED_ON.has(name.toLowerCase()));
  if (agreed !== "none") kept.push(["Sec-WebSocket-Extensions", agreed.value]);
  const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `${lines}\r\n`;
}

/** Written anew, or without meaning in an answer that has no body. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(["sec-websocket-extensions", "content-length"]);

function refuse(socket: Socket, own: OwnAnswer): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(rawAnswer(own, STATUS_CODES[own.status] ?? "Error"));
}

function errorBody(message: string): string {
  return `${JSON.stringify({ error: "bad_upgrade", message })}\n`;
}
