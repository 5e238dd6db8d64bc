import type { Readable, Writable } from "node:stream";

/**
 * Moves a body chunk by chunk as it arrives, never faster than the sink takes it. `onChunk` sees
 * each one first and may give another in its place. Resolves with the number of bytes that came
 * at the end of the source, and leaves ending the sink to the caller, who may have trailers to
 * add; rejects when either side fails or closes early, or `onChunk` throws.
 */
export function pump(
  source: Readable,
  sink: Writable,
  onChunk: (chunk: Uint8Array) => Uint8Array | void,
): Promise<number> {
  let total = 0;
  return new Promise<number>((resolve, reject) => {
    const onData = (chunk: Uint8Array): void => {
      total += chunk.length;
      let passed: Uint8Array;
      try {
        passed = onChunk(chunk) ?? chunk;
      } catch (error) {
        return finish(error instanceof Error ? error : new Error(String(error)));
      }
      if (passed.length > 0 && !sink.write(passed)) source.pause();
    };
    const onDrain = (): void => void source.resume();
    const finish = (error?: Error): void => {
      source.off("data", onData).off("end", onEnd).off("error", finish).off("close", onSourceClose)
        .off("aborted", onSourceClose);
      sink.off("drain", onDrain).off("error", finish).off("close", onSinkClose);
      if (error === undefined) return resolve(total);
      source.pause();
      reject(error);
    };
    const onEnd = (): void => finish();
    const onSourceClose = (): void => finish(new Error("the sender closed before the end"));
    const onSinkClose = (): void => finish(new Error("the receiver closed before the end"));
    source.on("data", onData).on("end", onEnd).on("error", finish).on("close", onSourceClose)
      .on("aborted", onSourceClose);
    sink.on("drain", onDrain).on("error", finish).on("close", onSinkClose);
    if (source.destroyed && !source.readableEnded) onSourceClose();
    else if (source.readableEnded) finish();
    else if (sink.writableNeedDrain) source.pause();
    else source.resume();
  });
}
