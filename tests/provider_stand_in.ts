import http from "node:http";
import type { AddressInfo } from "node:net";

/** One request that the stand-in answered. */
export interface ModelRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** Stands in for Anthropic's API, and for the proxy: whatever is asked of that is refused. */
export interface ModelStandIn extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly ModelRequest[];
  /** `host:port` of each CONNECT. */
  readonly refused: readonly string[];
}

/** Server-sent events of one streamed message that says `text`. */
function streamedMessage(text: string): string {
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "stand-in",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const events: Record<string, unknown>[] = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 1 },
    },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event["type"]}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

/** Listens on a free port of `hostname` and answers each message with `text`. */
export async function startModelStandIn(
  { hostname, text }: { hostname: string; text: string },
): Promise<ModelStandIn> {
  const requests: ModelRequest[] = [];
  const refused: string[] = [];
  const server = http.createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const body = new TextDecoder().decode(await new Blob(chunks as BlobPart[]).arrayBuffer());
    const path = new URL(url, "http://stand-in").pathname;
    requests.push({ method, path, authorization: headers.authorization, body });
    if (method === "POST" && path === "/v1/messages") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(streamedMessage(text));
      return;
    }
    response.writeHead(404, { "content-type": "application/json" });
    response.end("{}");
  });
  server.on("connect", (request, socket) => {
    refused.push(request.url ?? "");
    socket.on("error", () => {});
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    refused,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
