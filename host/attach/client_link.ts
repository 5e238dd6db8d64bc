import type { TerminalSize } from "../../backends/backend.ts";
import {
  ATTACH_VERSION,
  decodeFrames,
  decodeNumbers,
  encodeFrame,
  FrameError,
  FrameType,
} from "./frames.ts";

/** A client that has not taken this many bytes is too slow and is let go. */
const MAX_WAITING_BYTES = 1024 * 1024;
const HELLO_MILLISECONDS = 5_000;

export interface LinkEvents {
  /** The client has said hello and speaks our version. */
  joined(link: ClientLink): void;
  /** Bytes typed by the client; resolves when more may come. */
  input(bytes: Uint8Array): Promise<void>;
  resized(link: ClientLink): void;
  left(link: ClientLink): void;
}

/** The hub's end of one client's connection. */
export class ClientLink {
  readonly #connection: Deno.Conn;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #waiting = 0;
  #closed = false;
  /** The client's terminal, once it has told of one. */
  size: TerminalSize | undefined;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
    this.#writer = connection.writable.getWriter();
  }

  /** Serves the client until it leaves, misbehaves or is closed. Never rejects. */
  async serve(events: LinkEvents): Promise<void> {
    let joined = false;
    const timer = setTimeout(() => joined || this.close(), HELLO_MILLISECONDS);
    try {
      for await (const { type, payload } of decodeFrames(this.#connection.readable)) {
        if (!joined) {
          if (type !== FrameType.hello || payload[0] !== ATTACH_VERSION) break;
          joined = true;
          events.joined(this);
        } else if (type === FrameType.data) await events.input(payload);
        else if (type === FrameType.resize) this.#resize(payload, events);
        else throw new FrameError("a client sent what only the hub may send");
      }
    } catch {
      /* the client is gone or does not speak the protocol: let go of it */
    } finally {
      clearTimeout(timer);
      this.close();
      if (joined) events.left(this);
    }
  }

  /** Sends without waiting, so that nobody's terminal can hold up the agent. */
  send(frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      if (this.#closed) return;
      this.#waiting += frame.length;
      if (this.#waiting > MAX_WAITING_BYTES) return this.close();
      this.#writer.write(frame).then(() => this.#waiting -= frame.length, () => this.close());
    }
  }

  /** Tells the exit code, waits for what is on its way, though not for long, and closes. */
  async finish(code: number): Promise<void> {
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setInt32(0, code);
    this.send([encodeFrame(FrameType.exit, payload)]);
    const late = setTimeout(() => this.close(), 1_000);
    await this.#writer.close().catch(() => {});
    clearTimeout(late);
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#connection.close();
    } catch { /* closed by its other end */ }
  }

  #resize(payload: Uint8Array, events: LinkEvents): void {
    const [columns = 0, rows = 0] = decodeNumbers(payload, 2);
    if (columns === 0 || rows === 0) return;
    this.size = { columns, rows };
    events.resized(this);
  }
}
