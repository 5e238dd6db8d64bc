import { Buffer } from "node:buffer";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { endOutsideEvents } from "../../sidecar/egress/http2_end.ts";
import {
  block,
  type Field,
  FLAG,
  FRAME,
  type Frame,
  frame,
  framesIn,
  PREFACE,
} from "../sidecar/frames.ts";
import type { RunningProxy } from "../sidecar/proxy.ts";
import { dialProxy, dialTunnel, type Wire } from "../sidecar/wire.ts";

/** One request as it is to stand on the wire; texts have one character for each byte. */
export interface WireRequest {
  readonly host: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Chunks of the body; several are sent with chunked framing. */
  readonly body: readonly Uint8Array[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** What the client was told; status 0 when the connection broke. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

/** Ways in which a client may speak to the proxy. */
export const CHANNELS = Object.freeze(["http", "https", "h2"] as const);
export type Channel = (typeof CHANNELS)[number];

/** Sends one request on a connection of its own. */
export async function sendOn(
  channel: Channel,
  proxy: RunningProxy,
  request: WireRequest,
): Promise<WireAnswer> {
  if (channel === "h2") {
    const isHead = request.body.length === 0 && request.trailers.length === 0;
    return await (isHead ? sendHttp2Head : sendHttp2)(proxy, request);
  }
  const wire = channel === "http"
    ? dialProxy(proxy)
    : await dialTunnel(proxy, { target: `${request.host}:443` });
  try {
    return await sendHttp1(wire, request, channel === "http" ? `http://${request.host}` : "");
  } finally {
    wire.destroy();
  }
}

async function sendHttp1(wire: Wire, request: WireRequest, origin: string): Promise<WireAnswer> {
  const { host, path, headers, body, trailers } = request;
  const isChunked = body.length > 1 || trailers.length > 0;
  const framing = isChunked
    ? "Transfer-Encoding: chunked\r\n"
    : `Content-Length: ${body[0]?.length ?? 0}\r\n`;
  const announced = trailers.length === 0
    ? ""
    : `Trailer: ${trailers.map(([name]) => name).join(", ")}\r\n`;
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  wire.say(
    `POST ${origin}${path} HTTP/1.1\r\nHost: ${host}\r\n${framing}${announced}${fields}\r\n`,
  );
  for (const chunk of body) {
    if (!isChunked) wire.say(chunk);
    else if (chunk.length > 0) {
      wire.say(`${chunk.length.toString(16)}\r\n`);
      wire.say(chunk);
      wire.say("\r\n");
    }
  }
  if (isChunked) {
    const last = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    wire.say(bytesOf(`0\r\n${last}\r\n`));
  }
  await wire.settles(() => answerIn(wire.text()) !== undefined, 10_000);
  return answerIn(wire.text()) ?? { status: 0, body: "" };
}

/** TLS sockets of the runtime take every text for UTF-8, whatever encoding they are told. */
function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** The first whole response in a text. */
function answerIn(text: string): WireAnswer | undefined {
  const [, status, fields = ""] = /^HTTP\/1\.1 (\d{3})[^\r]*\r\n([\s\S]*?)\r\n\r\n/.exec(text) ??
    [];
  if (status === undefined) return undefined;
  const body = text.slice(text.indexOf("\r\n\r\n") + 4);
  const length = /^content-length: *(\d+)/im.exec(fields)?.[1];
  const isWhole = length === undefined ? body.endsWith("0\r\n\r\n") : body.length >= Number(length);
  return isWhole ? { status: Number(status), body } : undefined;
}

/** A tunnel in which TLS was made, with the given protocol. */
export async function openTunnel(
  proxy: RunningProxy,
  host: string,
  protocol: string,
): Promise<TLSSocket> {
  const socket = connectTcp({ port: proxy.port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => socket.destroy());
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  const ca = await Deno.readTextFile(proxy.caFile);
  const tls = connectTls({ socket, servername: host, ca, ALPNProtocols: [protocol] });
  await new Promise<void>((resolve, reject) => {
    tls.once("secureConnect", resolve).once("error", reject);
  });
  return tls;
}

async function sendHttp2(proxy: RunningProxy, request: WireRequest): Promise<WireAnswer> {
  const { host, path, headers, body, trailers } = request;
  const tls = await openTunnel(proxy, host, "h2");
  const session = connectHttp2(`https://${host}`, { createConnection: () => tls });
  endOutsideEvents(session);
  session.on("error", () => {});
  try {
    const stream = session.request(
      { ":method": "POST", ":path": path, ...asHttp2(headers) },
      { waitForTrailers: true },
    );
    stream.on("error", () => {});
    stream.on("wantTrailers", () => stream.sendTrailers(asHttp2(trailers)));
    return await new Promise<WireAnswer>((resolve) => {
      const answer = { status: 0, body: "" };
      stream.on("response", (fields) => answer.status = Number(fields[":status"] ?? 0));
      stream.on("data", (chunk: Uint8Array) => {
        answer.body += Buffer.from(chunk).toString("latin1");
      });
      stream.once("end", () => resolve(answer)).once("close", () => resolve(answer));
      for (const chunk of body) stream.write(chunk);
      stream.end();
    });
  } finally {
    // The way in which clients leave; what a sudden end does is no question of this corpus.
    await new Promise<void>((resolve) => session.close(resolve));
    tls.destroy();
  }
}

/** The library sends ASCII alone as it is. */
function asHttp2(fields: WireRequest["headers"]): Record<string, string> {
  return Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]));
}

/** A head without a body, whose values may be any bytes. */
async function sendHttp2Head(proxy: RunningProxy, request: WireRequest): Promise<WireAnswer> {
  const { host, path, headers } = request;
  const wire = await dialTunnel(proxy, { target: `${host}:443`, alpn: ["h2"] });
  const fields: Field[] = [
    [":method", "POST"],
    [":scheme", "https"],
    [":authority", host],
    [":path", path],
    ...headers.map(([name, value]): Field => [name.toLowerCase(), value]),
  ];
  wire.say(PREFACE);
  wire.say(frame(FRAME.headers, FLAG.head | FLAG.end, 1, block(fields)));
  const answered = (): readonly Frame[] => framesIn(Buffer.concat(wire.received));
  const isOver = ({ type, flags, stream }: Frame): boolean =>
    stream === 1 && (type === FRAME.reset || type === FRAME.data && (flags & FLAG.end) !== 0);
  await wire.settles(() => answered().some(isOver), 10_000);
  const data = answered().filter(({ type, stream }) => type === FRAME.data && stream === 1);
  const head = answered().find(({ type, stream }) => type === FRAME.headers && stream === 1);
  wire.destroy();
  const body = Buffer.concat(data.map(({ payload }) => payload)).toString("latin1");
  return { status: statusOf(head?.payload ?? new Uint8Array()), body };
}

/** The status in a header block: an index for 200, else a literal, compressed or not. */
function statusOf(payload: Uint8Array): number {
  if (payload[0] === 0x88) return 200;
  const isLiteral = payload[0] === 0x48 && payload[1] === 3;
  return isLiteral ? Number(Buffer.from(payload.subarray(2, 5)).toString("latin1")) : 0;
}

/** What became of a message on a WebSocket. */
export interface WebSocketAnswer {
  /** Status of the close frame; 0 when the message was answered. */
  readonly closedWith: number;
}

/** Sends one message, in frames of the given lengths, and waits for its echo or the end. */
export async function sendMessage(
  proxy: RunningProxy,
  host: string,
  message: {
    readonly opcode: 1 | 2;
    readonly parts: readonly Uint8Array[];
  },
): Promise<WebSocketAnswer> {
  const wire = await dialTunnel(proxy, { target: `${host}:443` });
  try {
    wire.say(
      `GET /v1/responses HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    const upgraded = /^HTTP\/1\.1 101 [\s\S]*?\r\n\r\n/;
    const state = await wire.settles(() => upgraded.test(wire.text()), 5_000);
    if (state !== "holds") throw new Error(`Cannot open a WebSocket: ${wire.text()}`);
    for (const [index, part] of message.parts.entries()) {
      const isLast = index === message.parts.length - 1;
      wire.say(maskedFrame((isLast ? 0x80 : 0) | (index === 0 ? message.opcode : 0), part));
    }
    const frames = (): string => wire.text().replace(upgraded, "");
    await wire.settles(() => frames().length >= 4, 10_000);
    const first = frames().charCodeAt(0) & 15;
    const closedWith = frames().charCodeAt(2) * 256 + frames().charCodeAt(3);
    return { closedWith: first === 8 ? closedWith : 0 };
  } finally {
    wire.destroy();
  }
}

function maskedFrame(first: number, payload: Uint8Array): Uint8Array {
  const head = payload.length < 126 ? Buffer.alloc(2) : Buffer.alloc(4);
  head[0] = first;
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 126);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}
