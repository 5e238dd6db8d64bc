import type { Header } from "../../policy/egress/end_to_end.ts";
import { type Denial, denialBody } from "../../policy/egress/verdict.ts";
import { type AgentRequest, type AgentResponse, headerRecord } from "./message.ts";
import type { DialError } from "./dial.ts";

/** An answer of the proxy's own. */
export interface OwnAnswer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
}

/** How a denial is answered. */
export function denialAnswer(denial: Denial): OwnAnswer {
  return { status: denial.status, body: denialBody(denial).json };
}

/** How a failure to reach the upstream is answered. */
export function failureAnswer(host: string, error: DialError): OwnAnswer {
  const body = { error: error.reason, host, message: error.message };
  return { status: error.status, body: `${JSON.stringify(body)}\n` };
}

/**
 * Sends an answer of the proxy's own. A request body that is still coming is not read on: HTTP/1.1
 * connections end after the answer, HTTP/2 streams are told to stop.
 */
export function answer(request: AgentRequest, response: AgentResponse, own: OwnAnswer): void {
  const bytes = new TextEncoder().encode(own.body);
  const headers: Header[] = [
    ["Content-Type", "application/json"],
    ["Content-Length", String(bytes.length)],
    ["Cache-Control", "no-store"],
  ];
  if (!request.complete && request.httpVersionMajor === 1) headers.push(["Connection", "close"]);
  writeHead(response, own.status, headers);
  if (request.method === "HEAD") response.end();
  else response.end(bytes);
}

/** Starts a response: raw pairs keep case, order and repetition on HTTP/1.1. */
export function writeHead(
  response: AgentResponse,
  status: number,
  headers: readonly Header[],
): void {
  if ("stream" in response) response.writeHead(status, headerRecord(headers));
  else response.writeHead(status, headers.flat());
}

/** An answer as bytes of HTTP/1.1, for a connection that no response object belongs to any more. */
export function rawAnswer(own: OwnAnswer, reasonPhrase: string): string {
  const length = new TextEncoder().encode(own.body).length;
  return `HTTP/1.1 ${own.status} ${reasonPhrase}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${length}\r\nConnection: close\r\n\r\n${own.body}`;
}
