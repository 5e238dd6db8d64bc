import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createServer } from "node:https";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import { createBottleCa } from "../../host/launch/ca.ts";
import { LeafMint } from "../../sidecar/egress/leaves.ts";
import { FrameReader, type Piece } from "../../sidecar/egress/websocket/reader.ts";
import { type ProxySetup, type RunningProxy, startProxy } from "./proxy.ts";
import { dialTunnel, type Wire } from "./wire.ts";

export const HOST = "ws.example.com";
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** One WebSocket that an origin took. */
export interface Taken {
  readonly socket: Duplex;
  readonly headers: readonly string[];
}

/** What a WebSocket origin is made of. */
export interface WebSocketOrigin {
  /** Speaks frames by itself; told of each WebSocket after its handshake. */
  readonly onSocket?: (taken: Taken) => void;
  /** Or is the ws library, echoing unless told otherwise. */
  readonly onPeer?: (peer: WebSocket) => void;
  readonly deflate?: boolean | object;
  /** More lines for the answer to the handshake, each ended by CRLF. */
  readonly answer?: string;
}

/** A proxy before a WebSocket origin; `routes` is added to the route's lines. */
export async function withWebSocket(
  origin: WebSocketOrigin,
  setup: Partial<ProxySetup> & { readonly dlp?: string },
  run: (proxy: RunningProxy) => Promise<void>,
): Promise<void> {
  const ca = await createBottleCa("origin");
  const leaf = await new LeafMint({ certPem: ca.certPem, keyPem: ca.keyPem.reveal() }).mint(HOST);
  const server = createServer(leaf);
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => void sockets.add(socket.on("error", () => {})));
  if (origin.onSocket === undefined) serveLibrary(server, origin);
  else serveRaw(server, origin, origin.onSocket);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : 0;
  const { dlp = "outbound_on_match: block", ...rest } = setup;
  try {
    await using proxy = await startProxy({
      routes: `log: 2\nroutes:\n  - host: ${HOST}\n    dlp: { ${dlp} }\n`,
      upstreamCa: ca.certPem,
      extraHosts: [{ name: HOST, address: "127.0.0.1", port }],
      ...rest,
    });
    await run(proxy);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

function serveLibrary(server: ReturnType<typeof createServer>, origin: WebSocketOrigin): void {
  const { deflate = false } = origin;
  const peers = new WebSocketServer({ noServer: true, perMessageDeflate: deflate });
  const onPeer = origin.onPeer ?? ((peer) => {
    peer.on("message", (data, isBinary) => peer.send(data, { binary: isBinary }));
  });
  server.on("upgrade", (request, socket, head) => {
    peers.handleUpgrade(request, socket, head, (peer) => {
      peer.on("error", () => {});
      onPeer(peer);
    });
  });
}

function serveRaw(
  server: ReturnType<typeof createServer>,
  { answer = "" }: WebSocketOrigin,
  onSocket: (taken: Taken) => void,
): void {
  server.on("upgrade", (request, socket) => {
    const key = request.headers["sec-websocket-key"] ?? "";
    const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
    socket.on("error", () => {}).write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\n${answer}\r\n`,
    );
    onSocket({ socket, headers: request.rawHeaders });
  });
}

/** The frames that one side says, as they are understood. */
export class Frames {
  readonly pieces: Piece[] = [];
  readonly #reader: FrameReader;

  constructor(options: { readonly isMasked: boolean; readonly mayCompress?: boolean }) {
    const { isMasked, mayCompress = false } = options;
    this.#reader = new FrameReader({
      isMasked,
      mayCompress,
      partBytes: 2 ** 30,
      messageBytes: 2 ** 30,
    });
  }

  take(chunk: Uint8Array): void {
    this.pieces.push(...this.#reader.push(Uint8Array.from(chunk)));
  }

  /** All text of messages so far. */
  text(): string {
    const parts = this.pieces.filter(({ kind }) => kind === "data").map(({ payload }) => payload);
    return Buffer.concat(parts).toString();
  }

  /** Status code and reason of the close frame, once it came. */
  closed(): { code: number; reason: string } | undefined {
    const frame = this.pieces.find((piece) => piece.kind === "control" && piece.opcode === 8);
    if (frame === undefined) return undefined;
    const bytes = Buffer.from(frame.payload);
    return {
      code: bytes.length < 2 ? 1005 : bytes.readUInt16BE(0),
      reason: bytes.toString("utf8", 2),
    };
  }
}

/** An agent that writes frames byte by byte itself. */
export interface RawAgent {
  readonly wire: Wire;
  readonly frames: Frames;
  /** Head of the answer to its handshake. */
  readonly head: string;
}

/** Opens a WebSocket through a tunnel, with more lines in the handshake if given. */
export async function openRaw(
  proxy: RunningProxy,
  options: { readonly lines?: string; readonly mayCompress?: boolean; readonly path?: string } = {},
): Promise<RawAgent> {
  const { lines = "", mayCompress = false, path = "/" } = options;
  const wire = await dialTunnel(proxy, { target: `${HOST}:443` });
  wire.say(
    `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines}\r\n`,
  );
  await wire.settles(() => wire.text().includes("\r\n\r\n"));
  const text = wire.text();
  const end = text.indexOf("\r\n\r\n") + 4;
  const frames = new Frames({ isMasked: false, mayCompress });
  const rest = Buffer.concat(wire.received).subarray(end);
  if (text.startsWith("HTTP/1.1 101")) {
    if (rest.length > 0) frames.take(rest);
    wire.socket.on("data", (chunk: Uint8Array) => frames.take(chunk));
  }
  return { wire, frames, head: text.slice(0, end) };
}

/** The ws library as an agent, through a tunnel. */
export async function openLibrary(
  proxy: RunningProxy,
  options: ClientOptions = {},
): Promise<WebSocket> {
  const wire = await dialTunnel(proxy, { target: `${HOST}:443` });
  wire.socket.removeAllListeners("data");
  const peer = new WebSocket(`wss://${HOST}/`, {
    perMessageDeflate: false,
    ...options,
    createConnection: () => wire.socket,
  });
  await new Promise((resolve, reject) => peer.once("open", resolve).once("error", reject));
  return peer;
}

/** The next message of a peer, as text. */
export function nextMessage(peer: WebSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    const onClose = (code: number, reason: Uint8Array): void =>
      reject(new Error(`closed: ${code} ${reason}`));
    peer.once("close", onClose).once("message", (data) => {
      peer.off("close", onClose);
      resolve(data.toString());
    });
  });
}

/** An agent that reads nothing but the answer to its handshake. */
export async function openUnread(proxy: RunningProxy): Promise<Deno.TlsConn> {
  const raw = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  const encoder = new TextEncoder();
  await raw.write(encoder.encode(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`));
  await raw.read(new Uint8Array(1024));
  const caCerts = [await Deno.readTextFile(proxy.caFile)];
  const agent = await Deno.startTls(raw, { hostname: HOST, caCerts });
  await agent.write(encoder.encode(
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  await agent.read(new Uint8Array(64));
  return agent;
}

/** How a peer's WebSocket ended. */
export function closing(peer: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    peer.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}
