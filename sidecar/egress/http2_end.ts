import type { Http2Session } from "node:http2";

const ending = new WeakSet<Http2Session>();

/**
 * Makes every way to end a session wait until the runtime has read what came, for both kinds of
 * session; to be called before anything else is done with one. In Deno 2.9.6 most events of a
 * session happen while nghttp2 reads the other end's frames, and ending it then frees what nghttp2
 * goes on with: a GOAWAY in good order, which the runtime itself answers with an end, aborts the
 * process now and then, and what faulty or endless frames did to its memory is anybody's guess
 * (https://github.com/denoland/deno/issues/36788).
 */
export function endOutsideEvents(session: Http2Session): void {
  const close = session.close.bind(session);
  const destroy = session.destroy.bind(session);
  session.close = (...callback) => void setImmediate(() => close(...callback));
  session.destroy = (...cause) => {
    if (session.destroyed || ending.has(session)) return;
    ending.add(session);
    setImmediate(() => destroy(...cause));
  };
}

/** Whether a session is about to be ended for good, so that nothing of it is to be served. */
export function isEnding(session: Http2Session): boolean {
  return ending.has(session);
}
