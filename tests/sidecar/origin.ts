import { createServer as createHttp } from "node:http";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createBottleCa } from "../../host/launch/ca.ts";
import { endOutsideEvents } from "../../sidecar/egress/http2_end.ts";
import { LeafMint } from "../../sidecar/egress/leaves.ts";

/** What an origin saw of one request. */
export interface Seen {
  readonly version: string;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly bytes: number;
  readonly trailers: readonly string[];
}

/** A server that stands in for the world; answers every request with what it saw of it. */
export interface Origin extends AsyncDisposable {
  readonly port: number;
  /** PEM of the authority that signed its certificate; empty for a plain one. */
  readonly caPem: string;
  readonly seen: Seen[];
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts an origin on loopback: https for the named hosts, or plain http without any. */
export async function startOrigin(
  hosts: readonly string[],
  options: {
    readonly handler?: Handler;
    readonly http1Only?: boolean;
    /** Called for each connection that it accepts. */
    readonly onConnection?: () => void;
  } = {},
): Promise<Origin> {
  const seen: Seen[] = [];
  const handler: Handler = options.handler ??
    ((request, response) => record(seen, request, response));
  const { onConnection = () => {} } = options;
  if (hosts.length === 0) {
    return listen(createHttp(handler).on("connection", onConnection), { caPem: "", seen });
  }
  const ca = await createBottleCa("origin");
  const mint = new LeafMint({ certPem: ca.certPem, keyPem: ca.keyPem.reveal() });
  const leaf = await mint.mint(hosts[0] ?? "");
  const server = createSecureServer({
    key: leaf.key,
    cert: leaf.cert,
    allowHTTP1: true,
    ...(options.http1Only ? { ALPNProtocols: ["http/1.1"] } : {}),
  }, handler as never);
  server.on("connection", onConnection);
  return listen(server, { caPem: ca.certPem, seen });
}

function record(seen: Seen[], request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on("data", (chunk: Uint8Array) => void (bytes += chunk.length));
  request.on("error", () => {});
  request.on("end", () => {
    const one: Seen = {
      version: request.httpVersion,
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.rawHeaders,
      bytes,
      trailers: request.rawTrailers,
    };
    seen.push(one);
    response.end(`${JSON.stringify(one)}\n`);
  });
}

function listen(
  server: Server | Http2SecureServer,
  rest: { readonly caPem: string; readonly seen: Seen[] },
): Promise<Origin> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("sessionError", () => {});
  server.on("session", endOutsideEvents);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = address !== null && typeof address === "object" ? address.port : 0;
      resolve({
        port,
        ...rest,
        [Symbol.asyncDispose]: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

/** The value of a header in a flat list, whatever its case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  const index = headers.findIndex((one, at) => at % 2 === 0 && one.toLowerCase() === name);
  return index < 0 ? undefined : headers[index + 1];
}
