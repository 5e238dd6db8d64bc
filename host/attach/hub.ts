import type { Stdio, TerminalSize } from "../../backends/backend.ts";
import { ClientLink } from "./client_link.ts";
import { ATTACH_VERSION, encodeData, encodeFrame, FrameType } from "./frames.ts";
import { InputMerge } from "./input_merge.ts";
import { ReplayBuffer } from "./replay.ts";

/** About the last screen of a busy terminal program. */
const REPLAY_BYTES = 64 * 1024;
const MAX_CLIENTS = 16;

/** Lets others join the terminal of an agent that this process runs. */
export interface AttachHub extends AsyncDisposable {
  /** What to give to the agent instead of the streams that the hub was made of. */
  readonly stdio: Stdio;
  /** Tells everybody who joined that the agent ended, and with what. */
  finish(code: number): Promise<void>;
}

/**
 * Listens on a unix socket that only its owner can use, and joins those streams with everybody
 * who connects: output goes to all, input comes from all, the agent's terminal gets the size that
 * fits every terminal. Disposing closes all connections and removes the socket.
 */
export async function createAttachHub(own: Stdio, socketPath: string): Promise<AttachHub> {
  const listener = Deno.listen({ transport: "unix", path: socketPath });
  try {
    await Deno.chmod(socketPath, 0o600);
  } catch (error) {
    listener.close();
    throw error;
  }
  return new Hub(own, listener, socketPath);
}

class Hub implements AttachHub {
  readonly stdio: Stdio;
  readonly #own: Stdio;
  readonly #listener: Deno.UnixListener;
  readonly #socketPath: string;
  readonly #links = new Set<ClientLink>();
  readonly #replay = new ReplayBuffer(REPLAY_BYTES);
  readonly #input: InputMerge | undefined;
  readonly #closing = new AbortController();
  #ownSize: TerminalSize | undefined;
  #resized: ((size: TerminalSize) => void) | undefined;
  #connections = 0;

  constructor(own: Stdio, listener: Deno.UnixListener, socketPath: string) {
    this.#own = own;
    this.#listener = listener;
    this.#socketPath = socketPath;
    this.#ownSize = own.terminal?.size;
    if (own.stdin) this.#input = this.#mergeInput(own.stdin);
    this.stdio = this.#wrap(own);
    this.#accept();
  }

  async finish(code: number): Promise<void> {
    await Promise.all([...this.#links].map((link) => link.finish(code)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#input?.close();
    try {
      this.#listener.close();
    } catch { /* closed already */ }
    for (const link of this.#links) link.close();
    await Deno.remove(this.#socketPath).catch(() => {});
  }

  #wrap(own: Stdio): Stdio {
    const { terminal } = own;
    return {
      ...(this.#input ? { stdin: this.#input.stream } : {}),
      stdout: this.#fanOut(own.stdout, FrameType.data),
      stderr: this.#fanOut(own.stderr, FrameType.errorData),
      ...(terminal
        ? {
          terminal: {
            size: terminal.size,
            onResize: (listener, signal) => this.#watchSize(terminal, { listener, signal }),
          },
        }
        : {}),
    };
  }

  #fanOut(own: WritableStream<Uint8Array>, type: FrameType): WritableStream<Uint8Array> {
    const writer = own.getWriter();
    return new WritableStream<Uint8Array>({
      write: async (chunk) => {
        this.#replay.push(chunk);
        const frames = this.#links.size > 0 ? encodeData(type, chunk) : [];
        for (const link of this.#links) link.send(frames);
        await writer.write(chunk);
      },
      close: () => writer.releaseLock(),
      abort: () => writer.releaseLock(),
    });
  }

  #mergeInput(own: ReadableStream<Uint8Array>): InputMerge {
    const merge = new InputMerge();
    const pump = async (): Promise<void> => {
      try {
        for await (const chunk of own) await merge.push(chunk);
      } catch {
        /* our terminal is gone: the agent sees end of file */
      } finally {
        merge.close();
      }
    };
    pump();
    return merge;
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        if (this.#connections >= MAX_CLIENTS) connection.close();
        else this.#serve(connection);
      }
    } catch { /* closed */ }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    this.#connections++;
    const link = new ClientLink(connection);
    await link.serve({
      joined: () => this.#join(link),
      input: (bytes) => this.#input?.push(bytes) ?? Promise.resolve(),
      resized: () => this.#fit({ redraw: false }),
      left: () => {
        this.#links.delete(link);
        this.#fit({ redraw: false });
      },
    });
    this.#connections--;
  }

  #join(link: ClientLink): void {
    if (this.#closing.signal.aborted) return link.close();
    const hello = new Uint8Array([ATTACH_VERSION, this.#own.terminal ? 1 : 0]);
    link.send([encodeFrame(FrameType.hello, hello)]);
    link.send(encodeData(FrameType.data, this.#replay.read()));
    this.#links.add(link);
    this.#fit({ redraw: true });
  }

  #watchSize(
    terminal: NonNullable<Stdio["terminal"]>,
    { listener, signal }: { listener: (size: TerminalSize) => void; signal: AbortSignal },
  ): void {
    this.#resized = listener;
    signal.addEventListener("abort", () => this.#resized = undefined, { once: true });
    terminal.onResize((size) => {
      this.#ownSize = size;
      this.#fit({ redraw: false });
    }, signal);
  }

  /** Gives the agent the size that fits everybody; `redraw` has it draw even if that is the old. */
  #fit({ redraw }: { redraw: boolean }): void {
    const sizes = [this.#ownSize, ...[...this.#links].map((link) => link.size)]
      .filter((size) => size !== undefined);
    if (sizes.length === 0 || !this.#resized) return;
    const columns = Math.min(...sizes.map((size) => size.columns));
    const rows = Math.min(...sizes.map((size) => size.rows));
    if (redraw && rows > 1) this.#resized({ columns, rows: rows - 1 });
    this.#resized({ columns, rows });
  }
}
