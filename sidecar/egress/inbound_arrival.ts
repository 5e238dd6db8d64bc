import { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { headerValues } from "../../policy/egress/end_to_end.ts";
import { LIMITS } from "./limits.ts";
import type { UpstreamResponse } from "./message.ts";

/**
 * What came of a body by the time when its headers have to go. When that is all of it, the body has
 * ended. Nothing waits beyond the first byte.
 */
export async function arrived(
  upstream: UpstreamResponse,
  body: Readable,
): Promise<Uint8Array | undefined> {
  body.pause();
  const turns = turnsFor(upstream, body);
  if (turns > 0 && body.readableLength === 0) await handedOver(body, turns);
  const chunk: unknown = body.read();
  if (!(chunk instanceof Uint8Array)) return undefined;
  // The read that gives nothing is what makes a body end.
  body.read(0);
  await new Promise((resolve) => setImmediate(resolve));
  return chunk;
}

/** Media types of which a first event may come long after the headers. */
const STREAMED =
  /event-?stream|stream[+-]json|json-?stream|ndjson|json-?l|json-seq|grpc|mixed-replace/;

/**
 * For how long headers wait for the first byte, so that what it begins can still be refused. A
 * stream's go on almost at once, since its agent may act on them; of anything else the headers
 * alone are of no use. The first byte itself is never later for it.
 */
function turnsFor(upstream: UpstreamResponse, body: Readable): number {
  const isStream = headerValues(upstream.headers, "content-type")
    .some((type) => STREAMED.test(type.toLowerCase()));
  if (!isStream) return LIMITS.handOverTurns;
  // What came with the headers of HTTP/1.1 is here. HTTP/2 and decoders hand it over a moment
  // later.
  return upstream.body === body && body instanceof IncomingMessage ? 0 : 1;
}

/**
 * Waits until something can be read or there is nothing more, but not long. Each turn looks for
 * what has come in before the next one begins, so that a busy machine is not taken for a slow
 * upstream.
 */
function handedOver(body: Readable, turns: number): Promise<void> {
  return new Promise((resolve) => {
    let left = turns;
    const settle = (): void => {
      clearTimeout(timer);
      body.off("readable", settle).off("end", settle).off("close", settle);
      resolve();
    };
    const turn = (): void => {
      if (left-- === 0) settle();
      else timer = setTimeout(turn, LIMITS.handOverMs);
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    turn();
    body.on("readable", settle).on("end", settle).on("close", settle);
  });
}
