import type { Stdio, TerminalSize } from "../../backends/backend.ts";
import { sanitizeLines } from "./sanitize.ts";

export interface HostStdioOptions {
  /** Give the process a pseudo-terminal of this terminal's size. */
  readonly tty: boolean;
  /** Nothing to read: the process sees end of file. */
  readonly noInput?: boolean;
}

/**
 * The streams of this process, for one process in a bottle. They are never closed: this process
 * needs its own outputs afterwards. In tty mode the caller holds the terminal raw meanwhile
 * (`Screen.raw`), so that each key, Ctrl-C among them, reaches the agent.
 */
export function hostStdio({ tty, noInput = false }: HostStdioOptions): Stdio {
  return {
    ...(noInput ? {} : { stdin: inputStream() }),
    stdout: outputStream(Deno.stdout, { raw: tty }),
    stderr: outputStream(Deno.stderr, { raw: tty }),
    ...(tty ? { terminal: { size: consoleSize(), onResize } } : {}),
  };
}

/** Reads standard input only when asked, and never ahead, so that nothing typed gets lost. */
function inputStream(): ReadableStream<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const count = await Deno.stdin.read(buffer);
      if (count === null) controller.close();
      else controller.enqueue(buffer.slice(0, count));
    },
  }, { highWaterMark: 0 });
}

/**
 * With a terminal of its own the process draws on ours, so its bytes pass as they are. Without one
 * whatever it prints is text: on a terminal of ours it is made safe, into a file or pipe it goes
 * unchanged.
 */
function outputStream(
  output: { write(bytes: Uint8Array): Promise<number>; isTerminal(): boolean },
  { raw }: { raw: boolean },
): WritableStream<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const safe = (chunk: Uint8Array): Uint8Array =>
    encoder.encode(sanitizeLines(decoder.decode(chunk, { stream: true })));
  const isText = !raw && output.isTerminal();
  return new WritableStream<Uint8Array>({
    async write(chunk): Promise<void> {
      let rest = isText ? safe(chunk) : chunk;
      while (rest.length > 0) rest = rest.subarray(await output.write(rest));
    },
  });
}

function consoleSize(): TerminalSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    if (columns > 0 && rows > 0) return { columns, rows };
  } catch { /* no terminal on any of our streams */ }
  return { columns: 80, rows: 24 };
}

function onResize(listener: (size: TerminalSize) => void, signal: AbortSignal): void {
  if (signal.aborted || Deno.build.os === "windows") return;
  const changed = (): void => listener(consoleSize());
  Deno.addSignalListener("SIGWINCH", changed);
  signal.addEventListener("abort", () => Deno.removeSignalListener("SIGWINCH", changed), {
    once: true,
  });
}
