import type { Readable } from "node:stream";
import { LIMITS } from "./limits.ts";

/** A request's body, as far as it is known when the request goes upstream. */
export type Body =
  | { readonly kind: "whole"; readonly bytes: Uint8Array }
  /** Too long to hold, or still being made; what was read of it is put back in front. */
  | {
    readonly kind: "stream";
    readonly source: Readable;
    /** The sender pauses: it may wait for an answer to what it sent so far. */
    readonly isLive?: boolean;
  };

/**
 * Reads ahead until the end of the body. What is longer than the limit, or pauses meanwhile, is
 * given as a stream. Rejects when the sender breaks off.
 */
export function readAhead(source: Readable, declaredLength: number): Promise<Body> {
  if (declaredLength > LIMITS.wholeBodyBytes) return Promise.resolve({ kind: "stream", source });
  // It may have waited for this, and nobody tells of its end any more.
  if (source.destroyed && !source.readableEnded) return Promise.reject(new Error(BROKEN_OFF));
  const chunks: Uint8Array[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer);
      source.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken)
        .off("aborted", onBroken);
    };
    const goOn = (isLive: boolean): void => {
      leave();
      source.pause();
      if (length > 0) source.unshift(Buffer.concat(chunks));
      resolve({ kind: "stream", source, isLive });
    };
    const onData = (chunk: Uint8Array): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LIMITS.wholeBodyBytes) return goOn(false);
      timer.refresh();
    };
    const onEnd = (): void => {
      leave();
      resolve({ kind: "whole", bytes: Buffer.concat(chunks) });
    };
    const onBroken = (): void => {
      leave();
      reject(new Error(BROKEN_OFF));
    };
    const timer = setTimeout(() => goOn(true), LIMITS.bodyPauseMs);
    source.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken)
      .on("aborted", onBroken);
  });
}

const BROKEN_OFF = "the sender closed before the end";
