import https from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerIdentity } from "./tls.ts";

/** One request as the stand-in received it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A local stand-in for api.anthropic.com. */
export interface ModelApi extends AsyncDisposable {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
}

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly content?: string | readonly Block[];
}

interface MessagesRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly role: string; readonly content: string | Block[] }[];
  readonly tools?: readonly { readonly name: string }[];
}

type Answer =
  | { readonly type: "text"; readonly text: string }
  | {
    readonly type: "tool_use";
    readonly id: string;
    readonly name: string;
    readonly input: unknown;
  };

/**
 * Serves the part of the Messages API that Claude Code uses. The "model" obeys the last user
 * message: a line `RUN: <command>` makes it call the Bash tool once and then report the output as
 * `DONE: <output>`; a line `SLOWLY: <n>` makes it stream n words, `pace` milliseconds apart;
 * anything else is answered with PONG.
 */
export async function startModelApi(
  { identity, hostname, pace = 200 }: {
    identity: ServerIdentity;
    hostname: string;
    pace?: number;
  },
): Promise<ModelApi> {
  const seen: SeenRequest[] = [];
  const server = https.createServer(identity, (request, response) => {
    serve(request, response, { seen, pace }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { seen, pace }: { seen: SeenRequest[]; pace: number },
): Promise<void> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const { method = "", url = "", headers } = request;
  seen.push({ method, path: url, headers, body });
  const path = url.split("?")[0];
  if (method === "HEAD") return void response.writeHead(200).end();
  if (method === "POST" && path === "/v1/messages") {
    return await answerMessages(JSON.parse(body), response, pace);
  }
  response.writeHead(404, { "content-type": "application/json" }).end("{}");
}

async function answerMessages(
  request: MessagesRequest,
  response: ServerResponse,
  pace: number,
): Promise<void> {
  const answer = decide(request);
  const stop = answer.type === "text" ? "end_turn" : "tool_use";
  const message = {
    id: `msg_${crypto.randomUUID().replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model: request.model ?? "stand-in",
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  if (!request.stream) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...message, content: [answer], stop_reason: stop }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const send = (event: string, data: object): void => {
    response.write(`event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`);
  };
  send("message_start", { message: { ...message, content: [], stop_reason: null } });
  const empty = answer.type === "text" ? { ...answer, text: "" } : { ...answer, input: {} };
  send("content_block_start", { index: 0, content_block: empty });
  for (const delta of deltas(answer)) {
    send("content_block_delta", { index: 0, delta });
    if (delta.type === "text_delta") await new Promise((resolve) => setTimeout(resolve, pace));
  }
  send("content_block_stop", { index: 0 });
  const usage = { output_tokens: 1 };
  send("message_delta", { delta: { stop_reason: stop, stop_sequence: null }, usage });
  send("message_stop", {});
  response.end();
}

function deltas(answer: Answer): ({ type: string } & Record<string, string>)[] {
  if (answer.type === "tool_use") {
    return [{ type: "input_json_delta", partial_json: JSON.stringify(answer.input) }];
  }
  return answer.text.split(/(?<= )/).map((text) => ({ type: "text_delta", text }));
}

function decide({ messages = [], tools = [] }: MessagesRequest): Answer {
  const last = messages.findLast(({ role }) => role === "user")?.content ?? "";
  const result = typeof last === "string" ? undefined : last.find((b) => b.type === "tool_result");
  if (result) return { type: "text", text: `DONE: ${textOf(result.content)}` };
  const text = textOf(last);
  const command = /^RUN: (.+)$/m.exec(text)?.[1];
  if (command && tools.some(({ name }) => name === "Bash")) {
    const input = { command, description: "as asked" };
    return {
      type: "tool_use",
      id: `toolu_${crypto.randomUUID().slice(0, 8)}`,
      name: "Bash",
      input,
    };
  }
  const words = Number(/^SLOWLY: (\d+)$/m.exec(text)?.[1] ?? 1);
  return { type: "text", text: Array.from({ length: words }, () => "PONG").join(" ") };
}

function textOf(content: string | readonly Block[] | undefined): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content.map((block) => block.text ?? textOf(block.content)).join("\n");
}
