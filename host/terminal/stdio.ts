import type { Stdio, TerminalSize } from "../../backends/backend.ts";

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
    stdout: outputStream(Deno.stdout),
    stderr: outputStream(Deno.stderr),
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

function outputStream(output: { write(bytes: Uint8Array): Promise<number> }): WritableStream<
  Uint8Array
> {
  return new WritableStream<Uint8Array>({
    async write(chunk): Promise<void> {
      let rest = chunk;
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
