/**
 * The server behind every proxy of the benchmark, in a process of its own: HTTP/1.1 over TLS with
 * as little work as possible, so that it is never what is measured. Reads `{cert, key}` from
 * standard input and prints its port.
 */
import { createServer, type TLSSocket } from "node:tls";
import { BodyReader, firstLine, headerEnd } from "./http1.ts";
import { binaryBody, jsonBody } from "./payload.ts";

/** Between the first event of a stream and the others, so that they cannot be one packet. */
const EVENT_PAUSE_MS = 10;
const NOTHING: Uint8Array = new Uint8Array(0);
const CHUNK = binaryBody(256 * 1024);
const DONE = response("application/json", encode('{"ok":true}'));
const SMALL = response("application/json", jsonBody(1024));
const EVENTS = [
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
  chunked("data: first\n\n"),
  `${chunked("data: last\n\n")}0\r\n\r\n`,
] as const;

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function head(type: string, length: number): Uint8Array {
  return encode(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`);
}

function response(type: string, body: Uint8Array): Uint8Array {
  return Buffer.concat([head(type, body.length), body]);
}

function serve(socket: TLSSocket): void {
  let kept = NOTHING;
  let path = "";
  let body: BodyReader | undefined;
  socket.on("error", () => socket.destroy());
  socket.on("data", (data: Uint8Array) => {
    let chunk = data;
    if (body === undefined) {
      if (kept.length > 0) chunk = Buffer.concat([kept, chunk]);
      const end = headerEnd(chunk);
      if (end < 0) return void (kept = chunk);
      kept = NOTHING;
      const requestHead = chunk.subarray(0, end);
      path = firstLine(requestHead).split(" ")[1] ?? "";
      body = new BodyReader(requestHead);
      chunk = chunk.subarray(end);
    }
    if (!body.take(chunk)) return;
    body = undefined;
    respond(socket, path);
  });
}

function respond(socket: TLSSocket, path: string): void {
  if (path === "/small") return void socket.write(SMALL);
  if (path === "/events") {
    socket.write(EVENTS[0]);
    return void setTimeout(() => socket.write(EVENTS[1]), EVENT_PAUSE_MS);
  }
  if (!path.startsWith("/download/")) return void socket.write(DONE);
  const length = Number(path.slice("/download/".length));
  socket.write(head("application/octet-stream", length));
  sendBytes(socket, length);
}

function sendBytes(socket: TLSSocket, length: number): void {
  let left = length;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const part = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= part.length;
      if (!socket.write(part)) return void socket.once("drain", more);
    }
  };
  more();
}

if (import.meta.main) {
  const { cert, key } = await new Response(Deno.stdin.readable).json();
  const server = createServer({ cert, key, ALPNProtocols: ["http/1.1"] }, serve);
  server.on("connection", (socket) => socket.setNoDelay(true));
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    console.log(typeof address === "object" && address !== null ? address.port : 0);
  });
}
