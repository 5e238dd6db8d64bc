import type { Stdio } from "../../backends/backend.ts";
import { DetachKey } from "./detach_key.ts";
import {
  ATTACH_VERSION,
  decodeFrames,
  encodeData,
  encodeFrame,
  encodeNumbers,
  FrameError,
  FrameType,
} from "./frames.ts";

/** How a visit to a bottle's terminal ended. */
export type AttachOutcome =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "detached" }
  /** The process that ran the bottle went away without a word, or let go of us for being slow. */
  | { readonly kind: "lost" };

/**
 * Joins the hub at that socket with those streams until the agent ends, the detach key is typed
 * or the signal aborts. Throws when nobody listens there or it speaks another version.
 */
export async function attachTo(
  socketPath: string,
  { stdio, signal }: { stdio: Stdio; signal: AbortSignal },
): Promise<AttachOutcome> {
  const connection = await Deno.connect({ transport: "unix", path: socketPath });
  const stop = new AbortController();
  const close = (): void => stop.abort();
  stop.signal.addEventListener("abort", () => closeQuietly(connection), { once: true });
  signal.addEventListener("abort", close, { once: true });
  const outcome = { detached: false };
  try {
    const writer = connection.writable.getWriter();
    await writer.write(encodeFrame(FrameType.hello, new Uint8Array([ATTACH_VERSION, 0])));
    sendSizes(stdio, writer, stop.signal);
    if (stdio.stdin) {
      const input = sendInput(stdio.stdin, writer, stop.signal);
      input.then((detached) => {
        outcome.detached = detached;
        if (detached) stop.abort();
      }, () => {});
    }
    const code = await showOutput(connection, stdio);
    if (outcome.detached) return { kind: "detached" };
    signal.throwIfAborted();
    return code === undefined ? { kind: "lost" } : { kind: "ended", code };
  } catch (error) {
    if (outcome.detached) return { kind: "detached" };
    signal.throwIfAborted();
    if (error instanceof FrameError) throw error;
    return { kind: "lost" };
  } finally {
    signal.removeEventListener("abort", close);
    stop.abort();
  }
}

type Writer = WritableStreamDefaultWriter<Uint8Array>;

function sendSizes({ terminal }: Stdio, writer: Writer, signal: AbortSignal): void {
  if (!terminal) return;
  const send = ({ columns, rows }: { columns: number; rows: number }): void => {
    writer.write(encodeFrame(FrameType.resize, encodeNumbers(columns, rows))).catch(() => {});
  };
  send(terminal.size);
  terminal.onResize(send, signal);
}

/** Resolves with true at the detach key, false at end of file (the agent's input stays open). */
async function sendInput(
  stdin: ReadableStream<Uint8Array>,
  writer: Writer,
  signal: AbortSignal,
): Promise<boolean> {
  const key = new DetachKey();
  for await (const chunk of stdin) {
    if (signal.aborted) return false;
    const { bytes, detach } = key.read(chunk);
    for (const frame of encodeData(FrameType.data, bytes)) await writer.write(frame);
    if (detach) return true;
  }
  return false;
}

/** Resolves with the agent's exit code, or undefined when the hub closed without telling one. */
async function showOutput(connection: Deno.Conn, stdio: Stdio): Promise<number | undefined> {
  const [stdout, stderr] = [stdio.stdout.getWriter(), stdio.stderr.getWriter()];
  let greeted = false;
  try {
    for await (const { type, payload } of decodeFrames(connection.readable)) {
      if (!greeted) {
        if (type !== FrameType.hello || payload[0] !== ATTACH_VERSION) {
          throw new FrameError("it speaks another version of the attach protocol");
        }
        greeted = true;
      } else if (type === FrameType.data) await stdout.write(payload);
      else if (type === FrameType.errorData) await stderr.write(payload);
      else if (type === FrameType.exit && payload.length === 4) {
        return new DataView(payload.buffer, payload.byteOffset).getInt32(0);
      } else throw new FrameError("it sent what only a client may send");
    }
    return undefined;
  } finally {
    stdout.releaseLock();
    stderr.releaseLock();
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* closed by its other end */ }
}
