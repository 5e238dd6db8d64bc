import type { Duplex } from "node:stream";
import { drained } from "../drained.ts";

/**
 * Takes a stream that the engine handed over. A lost connection is seen by whoever reads or writes
 * it; between two of them an error that nobody listens to would end the program, and with it the
 * teardown.
 */
export function taken(stream: unknown): Duplex {
  const duplex = stream as Duplex;
  duplex.on("error", () => {});
  return duplex;
}

/** Where the two outputs of a process go. */
export interface Sinks {
  stdout(chunk: Uint8Array): void | Promise<void>;
  stderr(chunk: Uint8Array): void | Promise<void>;
}

const FRAME_HEADER = 8;
const STDERR = 2;

/** One piece of a process's output. */
export interface Piece {
  readonly stream: "stdout" | "stderr";
  readonly body: Uint8Array;
}

/**
 * Reads the engine's multiplexed stream to its end: frames of a header (stream, three zero bytes,
 * length as big-endian) and that many bytes. Bodies pass as they come, whatever a frame's length.
 */
export async function* pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const header = new Uint8Array(FRAME_HEADER);
  let have = 0;
  let left = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + (left > 0 ? left : FRAME_HEADER - have));
      at += part.length;
      if (left > 0) {
        left -= part.length;
        yield { stream: header[0] === STDERR ? "stderr" : "stdout", body: part };
        continue;
      }
      header.set(part, have);
      have += part.length;
      if (have < FRAME_HEADER) continue;
      have = 0;
      left = new DataView(header.buffer).getUint32(4);
    }
  }
}

/** Waits for each sink, so that a slow reader slows the process down instead of filling memory. */
export async function demultiplex(
  source: AsyncIterable<Uint8Array>,
  sinks: Sinks,
): Promise<void> {
  for await (const { stream, body } of pieces(source)) await sinks[stream](body);
}

/** Reads a stream without frames (a terminal's) to its end. */
export async function passThrough(source: AsyncIterable<Uint8Array>, sinks: Sinks): Promise<void> {
  for await (const chunk of source) await sinks.stdout(chunk);
}

/**
 * Writes everything to the engine's end of the stream, then closes that direction alone, so that
 * the process reads end of file while its output goes on. Stops quietly when the other end is gone.
 */
export async function feed(
  duplex: Duplex,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of source) {
    if (!duplex.writable) return;
    if (!duplex.write(chunk)) await drained(duplex);
  }
  if (!duplex.writable) return;
  await new Promise<void>((resolve) => {
    duplex.once("close", resolve);
    duplex.end(resolve);
  });
}
