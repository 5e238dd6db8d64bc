import type { Duplex } from "node:stream";
import { BackendError, type Stdio, type TerminalSize } from "../backend.ts";
import { demultiplex, feed, passThrough, type Sinks, taken } from "./engine/duplex.ts";
import type { Engine } from "./engine/engine.ts";
import { engineWords, statusOf } from "./engine/failure.ts";

/** One program to run in a container. */
export interface ExecRequest {
  readonly container: string;
  readonly argv: readonly string[];
  /** The complete environment besides the image's own. */
  readonly env: Readonly<Record<string, string>>;
  /** `uid:gid`. */
  readonly user: string;
  readonly workdir: string;
}

/** What the process is joined to. */
export interface ExecStreams {
  /** Absent: the process reads end of file. */
  readonly stdin?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly sinks: Sinks;
  readonly terminal?: Stdio["terminal"];
}

/** Names the process among all in the container, so that it can be ended with what it started. */
const MARK = "BOT_BOTTLE_EXEC";

const POLLS = 50;
const POLL_MILLISECONDS = 10;

/**
 * Ends every process whose environment carries the mark: asks first, then kills. Runs as the same
 * user, since the container has no capability to signal others.
 */
const END_SCRIPT = `
signal_all() {
  found=1
  for p in /proc/[0-9]*; do
    if tr '\\0' '\\n' < "$p/environ" 2>/dev/null | grep -qx "${MARK}=$1"; then
      kill -"$2" "\${p#/proc/}" 2>/dev/null && found=0
    fi
  done
  return $found
}
signal_all "$1" TERM || exit 0
for wait in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; signal_all "$1" 0 || exit 0; done
signal_all "$1" KILL
`;

/**
 * Runs a program to its end and resolves with its exit code, 128 + n when signal n ended it.
 * Aborting ends the process and everything that it started, then rejects with the reason.
 */
export async function runExec(
  engine: Engine,
  request: ExecRequest,
  streams: ExecStreams & { readonly signal?: AbortSignal },
): Promise<number> {
  const { signal } = streams;
  signal?.throwIfAborted();
  const mark = crypto.randomUUID();
  const { duplex, inspect, resize } = await begin(engine, request, streams, mark);
  const resizing = new AbortController();
  const stop = (): void => {
    endProcesses(engine, request, mark).catch(() => {}).finally(() => duplex.destroy());
  };
  signal?.addEventListener("abort", stop, { once: true });
  // The signal may have fired while the process was being started.
  if (signal?.aborted) stop();
  try {
    streams.terminal?.onResize((size) => void resize(size).catch(() => {}), resizing.signal);
    const input = streams.stdin ? feed(duplex, streams.stdin) : Promise.resolve();
    input.catch(() => duplex.end());
    const read = streams.terminal ? passThrough : demultiplex;
    await read(duplex, streams.sinks).catch((error) => {
      if (!signal?.aborted) stop();
      throw signal?.aborted ? signal.reason : error;
    });
    signal?.throwIfAborted();
    return await exitCode(inspect);
  } finally {
    resizing.abort();
    signal?.removeEventListener("abort", stop);
    duplex.destroy();
  }
}

interface Started {
  readonly duplex: Duplex;
  inspect(): Promise<{ Running: boolean; ExitCode: number | null }>;
  resize(size: TerminalSize): Promise<void>;
}

async function begin(
  engine: Engine,
  request: ExecRequest,
  { stdin, terminal }: ExecStreams,
  mark: string,
): Promise<Started> {
  const library = await engine.library();
  const tty = terminal !== undefined;
  try {
    const exec = await library.getContainer(request.container).exec({
      Cmd: terminal && !engine.speaks("1.42")
        ? sized(request.argv, terminal.size)
        : [...request.argv],
      Env: Object.entries({ ...request.env, [MARK]: mark }).map(([name, text]) =>
        `${name}=${text}`
      ),
      User: request.user,
      WorkingDir: request.workdir,
      Tty: tty,
      AttachStdin: stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      ...(terminal && engine.speaks("1.42")
        ? { ConsoleSize: [terminal.size.rows, terminal.size.columns] }
        : {}),
    });
    const resize = async ({ rows, columns }: TerminalSize): Promise<void> => {
      await exec.resize({ h: rows, w: columns });
    };
    const duplex = taken(await exec.start({ hijack: true, stdin: true, Tty: tty }));
    if (terminal) await resizeSoon(() => resize(terminal.size));
    return {
      duplex,
      resize,
      inspect: async () => await exec.inspect(),
    };
  } catch (error) {
    throw cannotRun(request.argv[0] ?? "", error);
  }
}

/** Older engines size a terminal only once its program runs, which may have looked by then. */
function sized(argv: readonly string[], { rows, columns }: TerminalSize): string[] {
  const script = 'stty rows "$1" cols "$2" 2>/dev/null; shift 2; exec "$@"';
  return ["/bin/sh", "-c", script, "sh", String(rows), String(columns), ...argv];
}

/** The process may not be there yet when its stream already is. */
async function resizeSoon(resize: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < POLLS; attempt++) {
    try {
      return await resize();
    } catch {
      await pause();
    }
  }
}

/** The stream ends a moment before the engine has noted how the process ended. */
async function exitCode(inspect: Started["inspect"]): Promise<number> {
  for (let attempt = 0; attempt < POLLS; attempt++) {
    const { Running, ExitCode } = await inspect();
    if (!Running && ExitCode !== null) return ExitCode;
    await pause();
  }
  throw new BackendError("Cannot tell how the process in the bottle ended: it still runs", {
    hint: "its output was closed while it went on; end the bottle with `bot-bottle stop`",
  });
}

async function endProcesses(engine: Engine, request: ExecRequest, mark: string): Promise<void> {
  const library = await engine.library();
  const exec = await library.getContainer(request.container).exec({
    Cmd: ["/bin/sh", "-c", END_SCRIPT, "sh", mark],
    User: request.user,
    AttachStdout: true,
    AttachStderr: true,
  });
  const duplex = taken(await exec.start({ hijack: true, stdin: true }));
  await demultiplex(duplex, { stdout: () => {}, stderr: () => {} });
}

function cannotRun(program: string, error: unknown): BackendError {
  const gone = statusOf(error) === 404 || statusOf(error) === 409;
  return new BackendError(`Cannot run ${program} in the bottle: ${engineWords(error)}`, {
    hint: gone
      ? "the bottle has ended; start it again"
      : "see `bot-bottle logs` and the engine's log",
    cause: error,
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
}
