import type { Socket } from "node:net";
import { closePayload, type FrameHead, OPCODES, writeFrame } from "./frame.ts";

/** Writes frames to one end of a WebSocket. */
export class FrameSink {
  readonly #socket: Socket;
  /** A client masks what it sends. */
  readonly #isMasked: boolean;
  #hasClosed = false;

  constructor(socket: Socket, options: { readonly isMasked: boolean }) {
    this.#socket = socket;
    this.#isMasked = options.isMasked;
  }

  /** A close frame was the last that it wrote. */
  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  /** Does what was written still wait for the other end? */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Writes a frame; the promise resolves once more may be written, or nobody takes it any more. */
  send(head: FrameHead, payload: Uint8Array): Promise<void> | undefined {
    if (this.#hasClosed || !this.#socket.writable) return undefined;
    if (head.opcode === OPCODES.close) this.#hasClosed = true;
    const frame = writeFrame(head, payload, { isMasked: this.#isMasked });
    return this.#socket.write(frame) ? undefined : this.#drained();
  }

  /** Says goodbye with a status code (RFC 6455, section 7.4.1), unless it has already. */
  close(code: number, reason: string): void {
    void this.send({ opcode: OPCODES.close, isFinal: true }, closePayload(code, reason));
  }

  #drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const settle = (): void => {
        socket.off("drain", settle).off("close", settle);
        resolve();
      };
      socket.on("drain", settle).on("close", settle);
    });
  }
}
