import { Buffer } from "node:buffer";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { gunzipSync } from "node:zlib";
import { ServerWebSocket } from "../doubles/models/websocket.ts";
import { createTestAuthority } from "../doubles/tls.ts";
import { startOrigin } from "../sidecar/origin.ts";
import { type RunningProxy, startProxy } from "../sidecar/proxy.ts";
import { corpusSecrets } from "./secrets.ts";

export const HOST = "api.example.com";
export const PLAIN_HOST = "plain.example.com";
export const SOCKET_HOST = "socket.example.com";

/** The real proxy under one policy, and every byte that any upstream behind it was sent. */
export interface CorpusArena extends AsyncDisposable {
  readonly proxy: RunningProxy;
  /** All that arrived since the last call of `forget`; one character for each byte. */
  arrived(): string;
  /** Requests that arrived whole. */
  whole(): number;
  forget(): void;
}

/** Starts the upstreams (http, https and h2, WebSocket) and the proxy before them. */
export async function startCorpusArena(
  policy: "block" | "redact" | "supervise",
): Promise<CorpusArena> {
  let text = "";
  let whole = 0;
  const keep = (part: string): void => void (text += `${part}\n`);
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    keep([request.method, request.url, ...request.rawHeaders].join("\n"));
    const chunks: Uint8Array[] = [];
    request.on("error", () => {}).on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      keep(Buffer.from(chunk).toString("latin1"));
    });
    request.on("end", () => {
      // A stream that was reset ends, too.
      if (request.aborted) return;
      whole++;
      // Pieces of the body as one, and what a reader makes of a compressed one.
      keep(Buffer.concat(chunks).toString("latin1"));
      if (request.headers["content-encoding"] === "gzip") {
        keep(gunzipSync(Buffer.concat(chunks)).toString("latin1"));
      }
      keep(request.rawTrailers.join("\n"));
      response.end("arrived");
    });
  };
  const [secure, plain] = await Promise.all([
    startOrigin([HOST], { handler }),
    startOrigin([], { handler }),
  ]);
  const authority = await createTestAuthority();
  const socket = await startSocketOrigin(await authority.issue(SOCKET_HOST), (message) => {
    whole++;
    keep(Buffer.from(message).toString("latin1"));
  });
  const proxy = await startProxy({
    routes: `log: 1\nroutes:\n${
      [HOST, PLAIN_HOST, SOCKET_HOST, "*.example.com"].map((host) =>
        `  - host: "${host}"\n    dlp: { outbound_on_match: ${policy} }\n`
      ).join("")
    }`,
    tokens: corpusSecrets(),
    upstreamCa: secure.caPem + authority.certPem,
    extraHosts: [
      { name: HOST, address: "127.0.0.1", port: secure.port },
      { name: PLAIN_HOST, address: "127.0.0.1", port: plain.port },
      { name: SOCKET_HOST, address: "127.0.0.1", port: socket.port },
    ],
  });
  return {
    proxy,
    arrived: () => text,
    whole: () => whole,
    forget: () => {
      text = "";
      whole = 0;
    },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      for (const origin of [secure, plain, socket]) await origin[Symbol.asyncDispose]();
    },
  };
}

async function startSocketOrigin(
  identity: { readonly cert: string; readonly key: string },
  onMessage: (message: Uint8Array) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(identity);
  const sockets = new Set<Duplex>();
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.on("upgrade", (request, socket, head) => {
    const webSocket = new ServerWebSocket(request, socket);
    webSocket.listen((message) => {
      onMessage(message);
      webSocket.send("arrived");
    }, head);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
