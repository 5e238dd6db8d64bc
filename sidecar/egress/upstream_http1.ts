import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Dialer, Origin } from "./dial.ts";
import { sendOnce } from "./gate.ts";
import { LIMITS } from "./limits.ts";
import { headerRecord, pairs, type UpstreamRequest, type UpstreamResponse } from "./message.ts";
import { pump } from "./pump.ts";

/** Options that reach the agent's methods through `http.request`. */
interface PooledOptions {
  readonly origin: Origin;
}

/** Connections that only the dialer makes. */
class DialledAgent extends Agent {
  readonly #dialer: Dialer;

  constructor(dialer: Dialer, options: AgentOptions) {
    super({ ...options, maxSockets: LIMITS.upstreamSockets });
    this.#dialer = dialer;
  }

  override getName(options?: object): string {
    const { scheme, host, port } = originOf(options);
    return `${scheme}://${host}:${port}`;
  }

  override createConnection(
    options: object,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const origin = originOf(options);
    const dialled = origin.scheme === "https"
      ? this.#dialer.connectTls(origin, ["http/1.1"])
      : this.#dialer.connect(origin);
    dialled.then(
      (socket) => callback?.(null, socket),
      // The agent takes an error without a stream, which the types do not say.
      (error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
  }
}

/** Sends requests over HTTP/1.1, on kept connections where that is safe. */
export class Http1Pool {
  readonly #kept: DialledAgent;
  /**
   * In Deno 2.9.6 a TLS connection that was used before may never send what is written to it after
   * the tick in which its request was made. So a body that is still on its way gets a connection
   * of its own.
   */
  readonly #single: DialledAgent;

  constructor(dialer: Dialer) {
    this.#kept = new DialledAgent(dialer, {
      keepAlive: true,
      maxFreeSockets: LIMITS.upstreamFreeSockets,
      scheduling: "lifo",
      timeout: LIMITS.upstreamFreeMs,
    });
    this.#single = new DialledAgent(dialer, { keepAlive: false });
  }

  /** Closes what no request uses and keeps nothing from now on. */
  retire(): void {
    this.#kept.maxFreeSockets = 0;
    for (const list of Object.values(this.#kept.freeSockets)) {
      for (const socket of [...list ?? []]) socket.destroy();
    }
  }

  /** Sends a request; resolves at the response's headers while the body may still flow up. */
  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    try {
      return await this.#attempt(request);
    } catch (error) {
      // The upstream closed a kept connection as the request went out. It may have been served
      // all the same, so only what may be served twice is asked again (RFC 9110, section 9.2.2).
      const isRepeatable = IDEMPOTENT.has(request.method) && request.body === undefined;
      if (!(error instanceof StaleConnection) || !isRepeatable) throw error;
      return await this.#attempt(request);
    }
  }

  #attempt(request: UpstreamRequest): Promise<UpstreamResponse> {
    const options: RequestOptions & PooledOptions = {
      agent: request.body?.kind === "stream" ? this.#single : this.#kept,
      method: request.method,
      path: request.target,
      headers: wireHeaders(request),
      setHost: false,
      maxHeaderSize: LIMITS.headerBytes,
      origin: request.origin,
    };
    const out = httpRequest(options);
    sendOnce(out);
    out.setTimeout(LIMITS.idleMs, () => out.destroy(new Error("the upstream went silent")));
    const abort = (): void => void out.destroy(new Error("the agent went away"));
    request.signal.addEventListener("abort", abort, { once: true });
    out.once("close", () => request.signal.removeEventListener("abort", abort));
    let informational = 0;
    out.on("information", (info) => {
      if (++informational > LIMITS.informational) {
        return void out.destroy(new Error("the upstream sends one interim response after another"));
      }
      request.onInformation(info.statusCode, pairs(info.rawHeaders));
    });
    sendBody(request, out);
    return answer(out);
  }
}

class StaleConnection extends Error {}

/** Methods whose requests say nothing of a body when they have none (RFC 9110, section 8.6). */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** A connection that ended, as against an answer that is no HTTP. */
const ENDED: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

function originOf(options: object | undefined): Origin {
  return (options as PooledOptions).origin;
}

function wireHeaders(request: UpstreamRequest): string[] {
  const flat = ["Host", request.authority];
  let hasLength = false;
  const cookies: string[] = [];
  for (const [name, value] of request.headers) {
    const lower = name.toLowerCase();
    if (lower === "content-length") {
      hasLength = true;
      if (request.body === undefined && value !== "0") continue;
    }
    // HTTP/2 splits cookies for compression; HTTP/1.1 has them in one line (RFC 9113, 8.2.3).
    if (lower === "cookie") cookies.push(value);
    else flat.push(name, value);
  }
  if (cookies.length > 0) flat.push("Cookie", cookies.join("; "));
  if (request.body !== undefined && !hasLength) flat.push("Transfer-Encoding", "chunked");
  // Otherwise the runtime says that a body follows.
  else if (!hasLength && !BODILESS.has(request.method)) flat.push("Content-Length", "0");
  return flat;
}

function sendBody(request: UpstreamRequest, out: ClientRequest): void {
  const { body } = request;
  const finish = (): void => {
    const trailers = request.trailers();
    if (trailers.length > 0) out.addTrailers(headerRecord(trailers) as Record<string, string>);
    out.end();
  };
  if (body === undefined) return void out.end();
  if (body.kind === "stream") {
    pump(body.source, out, () => {}).then(finish, (error) => out.destroy(error));
    return;
  }
  if (body.bytes.length > 0) out.write(body.bytes);
  finish();
}

function answer(out: ClientRequest): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    out.once("response", (response: IncomingMessage) => {
      if (response.rawHeaders.length > 2 * LIMITS.headerCount) {
        return void out.destroy(new Error(`the upstream sent over ${LIMITS.headerCount} headers`));
      }
      resolve({
        status: response.statusCode ?? 502,
        headers: pairs(response.rawHeaders),
        body: response,
        isWhole: () => response.complete,
        trailers: () => pairs(response.rawTrailers),
      });
    });
    // Stays attached: a failure after the response shows in the response's own stream.
    out.on("error", (error: Error & { code?: string }) => {
      const isStale = out.reusedSocket && ENDED.has(error.code);
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    out.once("close", () => reject(new Error("the upstream closed without an answer")));
  });
}
