import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Readable } from "node:stream";
import type { Authority } from "../../policy/egress/host.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import type { Body } from "./body.ts";
import type { Origin } from "./dial.ts";

/** A request of the agent's, in either version of HTTP. */
export type AgentRequest = IncomingMessage | Http2ServerRequest;
/** Its response. */
export type AgentResponse = ServerResponse | Http2ServerResponse;

/** What the connection around a request says of where it goes. */
export interface Inbound {
  readonly scheme: "http" | "https";
  readonly authority: Authority;
  readonly sni?: string;
  /** In origin form, as received. */
  readonly rawTarget: string;
}

/** A request as it goes upstream. */
export interface UpstreamRequest {
  readonly origin: Origin;
  readonly method: string;
  /** Canonical request target. */
  readonly target: string;
  /** Without Host. */
  readonly headers: readonly Header[];
  /** Canonical; goes into `Host` or `:authority`. */
  readonly authority: string;
  readonly body: Body | undefined;
  /** What followed the body; asked for once the body has ended. */
  trailers(): readonly Header[];
  /** Informational responses (103) as they arrive. */
  onInformation(status: number, headers: readonly Header[]): void;
  /** Aborted when the agent goes away. */
  readonly signal: AbortSignal;
}

/** A response as it came from upstream. */
export interface UpstreamResponse {
  readonly status: number;
  /** Without pseudo-headers, as received. */
  readonly headers: readonly Header[];
  readonly body: Readable;
  /** Whether the body that ended is all of it; asked for once it has. */
  isWhole(): boolean;
  /** What followed the body; asked for once the body has ended. */
  trailers(): readonly Header[];
}

/** Node's flat list of names and values as pairs, without pseudo-headers. */
export function pairs(raw: readonly string[]): Header[] {
  const list: Header[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!name.startsWith(":")) list.push([name, raw[index + 1] ?? ""]);
  }
  return list;
}

/** Pairs as an object in which a repeated name has a list, as `node:http2` takes them. */
export function headerRecord(headers: readonly Header[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const known = record[lower];
    if (known === undefined) record[lower] = value;
    else record[lower] = Array.isArray(known) ? [...known, value] : [known, value];
  }
  return record;
}

/** The reverse of {@linkcode headerRecord}, for what `node:http2` gives. */
export function recordPairs(record: object): Header[] {
  const list: Header[] = [];
  for (const [name, value] of Object.entries(record)) {
    if (name.startsWith(":")) continue;
    for (const one of Array.isArray(value) ? value : [value]) list.push([name, String(one)]);
  }
  return list;
}

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  // Offers of HTTP/3, which never leaves the bottle.
  "alt-svc",
]);

/** The headers of a response that go on to the agent (RFC 9110, section 7.6.1). */
export function responseHeaders(headers: readonly Header[]): Header[] {
  const nominated = new Set(
    headers.filter(([name]) => name.toLowerCase() === "connection")
      .flatMap(([, value]) => value.toLowerCase().split(",").map((one) => one.trim())),
  );
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !HOP_BY_HOP.has(lower) && (lower === "content-length" || !nominated.has(lower));
  });
}
