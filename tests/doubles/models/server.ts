import { Buffer } from "node:buffer";
import https from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { ServerIdentity } from "../tls.ts";
import { type Blobs, seededBlobs } from "./blobs.ts";
import { answerChat } from "./chat.ts";
import type { Jobs } from "./job.ts";
import { answerMessages } from "./messages.ts";
import { ResponsesApi } from "./responses.ts";
import { ServerWebSocket } from "./websocket.ts";

/** One request, or one message on a WebSocket, as the double received it. */
export interface Received {
  readonly via: "http" | "websocket";
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As it was sent, perhaps compressed. */
  readonly body: Uint8Array;
  /** Answered by the model itself. */
  readonly isModelCall: boolean;
}

/** A stand-in for the model APIs that agents speak to. */
export interface ModelServer extends AsyncDisposable {
  readonly port: number;
  readonly received: readonly Received[];
}

/** What a model server is made of. */
export interface ModelServerOptions {
  readonly identity: ServerIdentity;
  readonly jobs: Jobs;
  readonly hostname?: string;
}

/**
 * Serves Anthropic's Messages API, and OpenAI's Responses (also over WebSocket) and Chat
 * Completions APIs for any host name, streamed as the real ones do. The "model" follows the script
 * of the job that the last prompt names, one tool call for each turn; anything else is answered
 * 404, as agents tolerate it of services beside the model.
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const received: Received[] = [];
  const model = new Model(options.jobs, received);
  const server = https.createServer(options.identity, (request, response) => {
    model.serve(request, response).catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket, head) => model.upgrade(request, socket, head));
  const sockets = new Set<Duplex>();
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) =>
    server.listen(0, options.hostname ?? "127.0.0.1", () => resolve())
  );
  return {
    port: (server.address() as AddressInfo).port,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

class Model {
  readonly #jobs: Jobs;
  readonly #received: Received[];
  readonly #blobs: Blobs = seededBlobs(20_260_101);
  readonly #responses: ResponsesApi;

  constructor(jobs: Jobs, received: Received[]) {
    this.#jobs = jobs;
    this.#received = received;
    this.#responses = new ResponsesApi(jobs, this.#blobs);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const path = request.url?.split("?")[0] ?? "";
    const isModelCall = request.method === "POST" &&
      /\/(messages|responses|chat\/completions)$/.test(path);
    this.#record("http", request, { body, isModelCall });
    if (request.method === "HEAD") return void response.writeHead(200).end();
    if (!isModelCall) {
      return void response.writeHead(404, { "content-type": "application/json" }).end("{}");
    }
    this.#answer(path, decoded(request, body), response);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const path = request.url?.split("?")[0] ?? "";
    if (!path.endsWith("/responses")) {
      return void socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
    this.#record("http", request, { body: new Uint8Array(), isModelCall: false });
    const webSocket = new ServerWebSocket(request, socket);
    webSocket.listen((body) => {
      this.#record("websocket", request, { body, isModelCall: true });
      const message = JSON.parse(new TextDecoder().decode(body));
      if (message.type !== "response.create") return;
      for (const event of this.#responses.answer(message.response ?? message)) {
        webSocket.send(JSON.stringify(event));
      }
    }, head);
  }

  #record(
    via: Received["via"],
    request: IncomingMessage,
    about: { readonly body: Uint8Array; readonly isModelCall: boolean },
  ): void {
    const { rawHeaders, method = "", url: target = "" } = request;
    const headers = rawHeaders.flatMap((name, at): [string, string][] =>
      at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""]] : []
    );
    const host = request.headers.host ?? "";
    this.#received.push({ via, method, host, target, headers, ...about });
  }

  #answer(path: string, body: string, response: ServerResponse): void {
    const { stream } = JSON.parse(body) as { readonly stream?: boolean };
    const { whole, events } = path.endsWith("/messages")
      ? answerMessages(JSON.parse(body), this.#jobs, this.#blobs)
      : { whole: {}, events: this.#openAiEvents(path, body) };
    if (stream !== true) {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(JSON.stringify(whole));
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    for (const [name, data] of events) {
      response.write(`${name === "" ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`);
    }
    response.end(path.endsWith("/completions") ? "data: [DONE]\n\n" : "");
  }

  #openAiEvents(path: string, body: string): (readonly [string, unknown])[] {
    if (path.endsWith("/completions")) {
      return answerChat(JSON.parse(body), this.#jobs, this.#blobs).map((chunk) => ["", chunk]);
    }
    return this.#responses.answer(JSON.parse(body)).map((event) => [String(event["type"]), event]);
  }
}

function decoded(request: IncomingMessage, body: Uint8Array): string {
  const encoding = request.headers["content-encoding"] ?? "identity";
  const plain = encoding === "gzip"
    ? gunzipSync(body)
    : encoding === "br"
    ? brotliDecompressSync(body)
    : body;
  return new TextDecoder().decode(plain) || "{}";
}
