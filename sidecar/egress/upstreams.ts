import type { Socket } from "node:net";
import { type Dialer, DialError, type Origin } from "./dial.ts";
import type { UpstreamRequest, UpstreamResponse } from "./message.ts";
import { Http1Pool } from "./upstream_http1.ts";
import { Http2Pool } from "./upstream_http2.ts";

/**
 * The connections to upstreams under one policy. A reload makes new ones, so that no connection
 * outlives the rule that allowed its address.
 */
export class Upstreams {
  readonly #dialer: Dialer;
  readonly #http1: Http1Pool;
  readonly #http2: Http2Pool;

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
    this.#http1 = new Http1Pool(dialer);
    this.#http2 = new Http2Pool(dialer);
  }

  /**
   * Sends a request, by HTTP/2 when the agent did and the upstream can. Rejects with
   * {@linkcode DialError}, or with the signal's reason: what the agent has left is not sent any
   * more.
   */
  async send(
    request: UpstreamRequest,
    options: { readonly http2: boolean },
  ): Promise<UpstreamResponse> {
    try {
      // The agent may have left while its request was looked at.
      request.signal.throwIfAborted();
      if (options.http2 && request.origin.scheme === "https") {
        const response = await this.#http2.send(request);
        if (response !== undefined) return response;
      }
      // Or while the upstream was asked for its version.
      request.signal.throwIfAborted();
      return await this.#http1.send(request);
    } catch (error) {
      if (error instanceof DialError) throw error;
      // No fault of the upstream's.
      request.signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      throw new DialError(502, "upstream_failed", `${request.origin.host} failed: ${message}`);
    }
  }

  /** A connection of its own, for what leaves HTTP. Rejects with {@linkcode DialError}. */
  connect(origin: Origin): Promise<Socket> {
    return origin.scheme === "https"
      ? this.#dialer.connectTls(origin, ["http/1.1"])
      : this.#dialer.connect(origin);
  }

  /** Keeps nothing any more; requests under way go on. */
  retire(): void {
    this.#http1.retire();
    this.#http2.retire();
  }
}
