import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { LIMITS } from "./limits.ts";

/** Told, in words, why a connection was ended. */
export type OnFault = (message: string) => void;

/**
 * Watches an HTTP/2 connection of the bottle's, and ends it when it breaks the protocol or costs
 * more than it asks for: requests opened only to be abandoned (CVE-2023-44487), control frames
 * without end, and silence.
 */
export function guardSession(session: ServerHttp2Session, socket: Socket, onFault: OnFault): void {
  let isDone = false;
  const end = (message: string): void => {
    if (isDone) return;
    isDone = true;
    onFault(message);
    session.destroy();
  };
  const leave = (): void => void (isDone = true);
  // What the client ends by itself is no fault.
  socket.once("end", leave);
  socket.once("error", (error: Error & { code?: string }) => {
    if (error.code !== "ERR_HTTP2_ERROR") leave();
  });
  session.once("goaway", leave);
  const isBroken = "what was sent is no well-formed HTTP/2";
  session.on("error", () => end(isBroken));
  // In Deno 2.9.6 most faults end the session and raise no error.
  session.once("close", () => end(isBroken));
  const controls = new Rate(LIMITS.controlFrames);
  const onControl = (): void => {
    if (controls.exceeds()) end("the connection sends more control frames than anybody needs");
  };
  session.on("ping", onControl).on("remoteSettings", onControl);
  guardStreams(session, end);
  endSilence(session, { end, leave });
}

/** Counts what happens within a window of time. */
class Rate {
  readonly #limit: number;
  #count = 0;
  #start = Date.now();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts one more; true once there are too many. */
  exceeds(): boolean {
    if (Date.now() - this.#start > LIMITS.floodWindowMs) {
      this.#start = Date.now();
      this.#count = 0;
    }
    return ++this.#count > this.#limit;
  }
}

/**
 * A reset that arrives together with its request goes unnoticed in Deno 2.9.6, so such requests
 * stay open here while the client believes to be within the limit of open ones.
 */
function guardStreams(session: ServerHttp2Session, end: OnFault): void {
  let open = 0;
  const resets = new Rate(LIMITS.resets);
  session.on("stream", (stream: ServerHttp2Stream) => {
    if (++open > 2 * LIMITS.streams) return end("the connection has too many open requests");
    stream.once("close", () => open--);
    stream.once("aborted", () => {
      if (resets.exceeds()) end("the connection keeps abandoning its requests");
    });
  });
}

/** Ends a connection on which no request has been open for a while, whatever else it sends. */
function endSilence(
  session: ServerHttp2Session,
  ways: { readonly end: OnFault; readonly leave: () => void },
): void {
  let open = 0;
  let timer = setTimeout(() => {
    ways.end(`no request came within ${LIMITS.headersMs} ms`);
  }, LIMITS.headersMs);
  const stop = (): void => {
    ways.leave();
    session.destroy();
  };
  session.on("stream", (stream: ServerHttp2Stream) => {
    open++;
    clearTimeout(timer);
    stream.once("close", () => {
      if (--open === 0 && !session.destroyed) timer = setTimeout(stop, LIMITS.keepAliveMs);
    });
  });
  session.once("close", () => clearTimeout(timer));
}
