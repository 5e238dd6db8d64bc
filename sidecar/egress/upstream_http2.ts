import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { PassThrough } from "node:stream";
import type { Dialer, Origin } from "./dial.ts";
import { endOutsideEvents } from "./http2_end.ts";
import { LIMITS } from "./limits.ts";
import {
  headerRecord,
  recordPairs,
  type UpstreamRequest,
  type UpstreamResponse,
} from "./message.ts";
import { pump } from "./pump.ts";

/** HTTP/2 connections to upstreams, one for each origin, for requests that came by HTTP/2. */
export class Http2Pool {
  readonly #dialer: Dialer;
  /** Undefined inside: the origin does not speak HTTP/2. */
  readonly #sessions = new Map<string, Promise<ClientHttp2Session | undefined>>();
  #isRetired = false;

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  /**
   * Sends a request, or gives undefined when the origin has to be asked by HTTP/1.1. A request that
   * the upstream says it did not look at is sent once more (RFC 9113, section 8.7).
   */
  async send(request: UpstreamRequest): Promise<UpstreamResponse | undefined> {
    for (let isSecond = false;; isSecond = true) {
      const session = await this.#session(request.origin);
      if (session === undefined) return undefined;
      // The agent may have left while the upstream was dialled.
      request.signal.throwIfAborted();
      try {
        return await sendHttp2(session, request);
      } catch (error) {
        const isGone = request.body?.kind === "stream";
        if (!(error instanceof NotProcessed) || isSecond || isGone) throw error;
        this.#forget(keyOf(request.origin));
      }
    }
  }

  async #session(origin: Origin): Promise<ClientHttp2Session | undefined> {
    const session = await this.#opened(origin);
    if (session === undefined || !(session.closed || session.destroyed)) return session;
    this.#forget(keyOf(origin));
    return await this.#opened(origin);
  }

  #opened(origin: Origin): Promise<ClientHttp2Session | undefined> {
    const key = keyOf(origin);
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const opened = this.#open(origin, key);
    this.#sessions.set(key, opened);
    opened.catch(() => this.#forget(key, opened));
    this.#bound();
    return opened;
  }

  /** Lets every connection end with its last request. */
  retire(): void {
    this.#isRetired = true;
    for (const opened of this.#sessions.values()) {
      opened.then((session) => session?.close(), () => {});
    }
    this.#sessions.clear();
  }

  async #open(origin: Origin, key: string): Promise<ClientHttp2Session | undefined> {
    const socket = await this.#dialer.connectTls(origin, ["h2", "http/1.1"]);
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      return undefined;
    }
    const session = connect(`https://${origin.host}:${origin.port}`, {
      createConnection: () => socket,
      settings: { enablePush: false },
      maxHeaderListPairs: LIMITS.headerCount,
    });
    endOutsideEvents(session);
    const forget = (): void => this.#forget(key);
    session.on("error", forget).on("close", forget).on("goaway", forget);
    // Each request under way listens as well.
    session.setMaxListeners(0);
    session.setTimeout(LIMITS.upstreamSessionIdleMs, () => session.close());
    if (this.#isRetired) session.close();
    return session;
  }

  #forget(key: string, only?: Promise<unknown>): void {
    if (only === undefined || this.#sessions.get(key) === only) this.#sessions.delete(key);
  }

  #bound(): void {
    for (const [key, opened] of this.#sessions) {
      if (this.#sessions.size <= LIMITS.upstreamOrigins) break;
      this.#sessions.delete(key);
      opened.then((session) => session?.close(), () => {});
    }
  }
}

function keyOf(origin: Origin): string {
  return `${origin.host}:${origin.port}`;
}

/** The upstream says that it did nothing about the request. */
class NotProcessed extends Error {}

/** Sends a request on a connection; resolves at the response's headers. */
function sendHttp2(
  session: ClientHttp2Session,
  request: UpstreamRequest,
): Promise<UpstreamResponse> {
  const stream = session.request({
    ":method": request.method,
    ":scheme": request.origin.scheme,
    ":authority": request.authority,
    ":path": request.target,
    ...headerRecord(request.headers),
  }, { endStream: request.body === undefined, waitForTrailers: request.body !== undefined });
  const abort = (): void => stream.close(constants.NGHTTP2_CANCEL);
  request.signal.addEventListener("abort", abort, { once: true });
  stream.once("close", () => request.signal.removeEventListener("abort", abort));
  stream.setTimeout(LIMITS.idleMs, abort);
  let informational = 0;
  stream.on("headers", (headers) => {
    if (++informational > LIMITS.informational) return abort();
    request.onInformation(Number(headers[":status"]), recordPairs(headers));
  });
  sendBody(request, stream);
  return answer(session, stream);
}

function sendBody(request: UpstreamRequest, stream: ClientHttp2Stream): void {
  const { body } = request;
  if (body === undefined) return;
  stream.on("wantTrailers", () => stream.sendTrailers(headerRecord(request.trailers())));
  if (body.kind === "whole") return void stream.end(body.bytes);
  pump(body.source, stream, () => {}).then(() => stream.end(), () => {
    stream.close(constants.NGHTTP2_CANCEL);
  });
}

function answer(
  session: ClientHttp2Session,
  stream: ClientHttp2Stream,
): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    let trailers: IncomingHttpHeaders = {};
    const endsInOrder = watchOrder(session, stream);
    let isWhole = false;
    stream.once("end", () => {
      isWhole = stream.rstCode === constants.NGHTTP2_NO_ERROR &&
        (!stream.destroyed || endsInOrder());
    });
    stream.on("trailers", (headers) => void (trailers = headers));
    stream.once("response", (headers) => {
      const list = recordPairs(headers);
      if (list.length > LIMITS.headerCount) {
        stream.close(constants.NGHTTP2_CANCEL);
        return reject(new Error(`the upstream sent over ${LIMITS.headerCount} headers`));
      }
      resolve({
        status: Number(headers[":status"]),
        headers: list,
        body: eager(stream),
        isWhole: () => isWhole,
        trailers: () => recordPairs(trailers),
      });
    });
    stream.on("error", (error) => reject(failureOf(stream, error)));
    stream.once("close", () => {
      reject(failureOf(stream, new Error("the upstream closed without an answer")));
    });
  });
}

function failureOf(stream: ClientHttp2Stream, error: Error): Error {
  return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
    ? new NotProcessed(error.message, { cause: error })
    : error;
}

/**
 * Reads a body from its first moment on. In Deno 2.9.6 what nobody has read yet is lost when the
 * upstream closes the connection in good order behind the last response.
 */
function eager(stream: ClientHttp2Stream): PassThrough {
  const body = new PassThrough({ highWaterMark: LIMITS.http2BufferBytes });
  let isEnded = false;
  stream.on("data", (chunk: Uint8Array) => {
    if (!body.write(chunk)) stream.pause();
  });
  body.on("drain", () => stream.resume());
  stream.once("end", () => {
    isEnded = true;
    if (!body.destroyed) body.end();
  });
  stream.once("close", () => {
    if (!isEnded) body.destroy();
  });
  body.once("close", () => {
    if (!isEnded) stream.close(constants.NGHTTP2_CANCEL);
  });
  return body;
}

/**
 * Tells whether a stream had ended by the time when the upstream said that it closes the
 * connection. In Deno 2.9.6 a stream whose connection broke ends like a whole one, but is destroyed
 * by then; so is a whole one, when its connection was closed right behind it.
 */
function watchOrder(session: ClientHttp2Session, stream: ClientHttp2Stream): () => boolean {
  let isInOrder = false;
  const onGoaway = (code: number): void => {
    // What has ended is not known to the connection any more.
    const { state } = stream.state;
    isInOrder ||= code === constants.NGHTTP2_NO_ERROR &&
      state === constants.NGHTTP2_STREAM_STATE_IDLE;
  };
  session.on("goaway", onGoaway);
  stream.once("close", () => session.off("goaway", onGoaway));
  return () => isInOrder;
}
