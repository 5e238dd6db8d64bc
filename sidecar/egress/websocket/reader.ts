import { WebSocketFault } from "./fault.ts";
import {
  applyMask,
  closeFault,
  CONTROL_BYTES,
  type ControlOpcode,
  type DataOpcode,
  OPCODES,
} from "./frame.ts";
import { Gather } from "./gather.ts";

/** A control frame, or a part of a message in the order in which it came. */
export type Piece =
  | { readonly kind: "control"; readonly opcode: ControlOpcode; readonly payload: Uint8Array }
  | {
    readonly kind: "data";
    /** Of the message. */
    readonly opcode: DataOpcode;
    /** The message is compressed, as all of its parts are together. */
    readonly isCompressed: boolean;
    readonly isFinal: boolean;
    readonly payload: Uint8Array;
  };

/** What the reader holds a peer to. */
export interface ReaderOptions {
  /** A client masks each frame, a server none (RFC 6455, section 5.1). */
  readonly isMasked: boolean;
  /** permessage-deflate was agreed upon. */
  readonly mayCompress: boolean;
  /** A longer frame is given in parts of about this length, in bytes. */
  readonly partBytes: number;
  /** The longest message as it is on the wire, in bytes. */
  readonly messageBytes: number;
}

/** The head of the frame whose payload is being read. */
interface Head {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly length: number;
  readonly key: Uint8Array | undefined;
}

/**
 * Reads the frames of one direction from bytes as they come, and refuses whatever two readers could
 * take for different things.
 */
export class FrameReader {
  readonly #options: ReaderOptions;
  /** What came of a head that is not whole. */
  readonly #start = new Gather();
  readonly #payload = new Gather();
  #head: Head | undefined;
  /** How much of the frame's payload came. */
  #received = 0;
  #message: { opcode: DataOpcode; isCompressed: boolean; bytes: number } | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /**
   * Takes what came; may change these bytes.
   * @throws {WebSocketFault} when it is not what RFC 6455 allows.
   */
  *push(chunk: Uint8Array): Generator<Piece> {
    let rest = chunk;
    for (;;) {
      if (this.#head === undefined) {
        if (this.#start.length > 0) {
          this.#start.add(rest);
          rest = this.#start.take();
        }
        const taken = this.#readHead(rest);
        if (taken === 0) return this.#start.add(rest);
        rest = rest.subarray(taken);
      }
      const head = this.#head;
      if (head === undefined) return;
      const part = rest.subarray(0, head.length - this.#received);
      rest = rest.subarray(part.length);
      if (head.key !== undefined) applyMask(part, head.key, this.#received);
      this.#payload.add(part);
      this.#received += part.length;
      const isWhole = this.#received === head.length;
      if (isWhole) this.#head = undefined;
      if (isWhole || this.#payload.length >= this.#options.partBytes) {
        yield this.#give(head, isWhole);
      }
      if (rest.length === 0) return;
    }
  }

  /** Gives the length of the frame's head, or 0 while it is not whole. */
  #readHead(bytes: Uint8Array): number {
    const [first, second] = bytes;
    if (first === undefined || second === undefined) return 0;
    const isMasked = (second & 128) !== 0;
    if (isMasked !== this.#options.isMasked) {
      throw fault(isMasked ? "a server's frame is masked" : "a client's frame is not masked");
    }
    const short = second & 127;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    const length = 2 + extended + (isMasked ? 4 : 0);
    // Judged at once, for the rest may never come.
    this.#check(first, short);
    if (bytes.length < length) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const payload = extended === 0
      ? short
      : extended === 2
      ? view.getUint16(2)
      : Number(view.getBigUint64(2));
    if (extended > 0 && payload < (extended === 2 ? 126 : 65_536)) {
      throw fault("a frame's length is not written in the shortest way");
    }
    const key = isMasked ? bytes.slice(length - 4, length) : undefined;
    this.#begin({ opcode: first & 15, isFinal: (first & 128) !== 0, length: payload, key }, first);
    return length;
  }

  #check(first: number, short: number): void {
    const opcode = first & 15;
    const isFinal = (first & 128) !== 0;
    if ((first & 0x30) !== 0) throw fault("a reserved bit is set");
    const isControl = opcode >= OPCODES.close;
    if (opcode > OPCODES.pong || (opcode > OPCODES.binary && !isControl)) {
      throw fault("a frame has a reserved opcode");
    }
    const isCompressed = (first & 64) !== 0;
    const begins = opcode === OPCODES.text || opcode === OPCODES.binary;
    if (isCompressed && !(begins && this.#options.mayCompress)) throw fault("RSV1 is set");
    if (isControl && !isFinal) throw fault("a control frame is fragmented");
    if (isControl && short > CONTROL_BYTES) throw fault("a control frame is too long");
    if (begins && this.#message !== undefined) throw fault("a message begins within another");
    if (opcode === OPCODES.continuation && this.#message === undefined) {
      throw fault("there is no message to continue");
    }
  }

  #begin(head: Head, first: number): void {
    if (head.opcode === OPCODES.text || head.opcode === OPCODES.binary) {
      this.#message = { opcode: head.opcode, isCompressed: (first & 64) !== 0, bytes: 0 };
    }
    if (head.opcode <= OPCODES.binary && this.#message !== undefined) {
      this.#message.bytes += head.length;
      if (this.#message.bytes > this.#options.messageBytes) {
        throw new WebSocketFault(1009, "a message is too long");
      }
    }
    this.#head = head;
    this.#received = 0;
  }

  #give(head: Head, isWhole: boolean): Piece {
    const payload = this.#payload.take();
    if (head.opcode === OPCODES.close) {
      const wrong = closeFault(payload);
      if (wrong !== undefined) throw fault(wrong);
    }
    if (head.opcode >= OPCODES.close) {
      return { kind: "control", opcode: head.opcode as ControlOpcode, payload };
    }
    const message = this.#message;
    if (message === undefined) throw fault("there is no message to continue");
    const isFinal = isWhole && head.isFinal;
    if (isFinal) this.#message = undefined;
    const { opcode, isCompressed } = message;
    return { kind: "data", opcode, isCompressed, isFinal, payload };
  }
}

function fault(message: string): WebSocketFault {
  return new WebSocketFault(1002, message);
}
