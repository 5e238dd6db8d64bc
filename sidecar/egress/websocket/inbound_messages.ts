import type { EchoRedactor } from "../../../policy/dlp/inbound/echo.ts";
import type { InjectionJudge } from "../inbound_judge.ts";
import { looksTextual } from "../inbound_text.ts";
import { LIMITS } from "../limits.ts";
import { OPCODES } from "./frame.ts";
import { Gather } from "./gather.ts";
import { MessageInflater } from "./inflate.ts";
import { MessageMask } from "./message_mask.ts";
import type { Piece } from "./reader.ts";
import type { FrameSink } from "./sink.ts";
import { Utf8Check } from "./text.ts";
import { Trail } from "./trail.ts";

/** What the upstream's messages are dealt with by. */
export interface InboundMessagesOptions {
  readonly echo: EchoRedactor | undefined;
  /** Absent when the route wants none. */
  readonly judge: InjectionJudge | undefined;
  /** The agent. */
  readonly sink: FrameSink;
}

interface Message {
  readonly opcode: 1 | 2;
  readonly utf8: Utf8Check | undefined;
  readonly mask: MessageMask | undefined;
  isText: boolean | undefined;
  hasBegun: boolean;
}

/** How much of what was said is looked at together with what comes next, in bytes. */
const TRAIL_BYTES = 1024;
/** A message's end is one of a word as well. */
const WORD_END = Uint8Array.of(10);

/**
 * Sends the upstream's messages on as their frames come, with the secrets masked that they repeat.
 * The scan for orders to the agent goes on from message to message.
 */
export class InboundMessages {
  readonly #options: InboundMessagesOptions;
  readonly #inflater = new MessageInflater();
  readonly #cleared = new Gather();
  readonly #trail = new Trail(TRAIL_BYTES);
  #message: Message | undefined;
  readonly #masked = new Set<string>();

  constructor(options: InboundMessagesOptions) {
    this.#options = options;
  }

  /** Names of the secrets that were masked so far. */
  get masked(): readonly string[] {
    return [...this.#masked];
  }

  /** @throws {InjectionFound | WebSocketFault} when the piece may not go on. */
  async take(piece: Piece): Promise<void> {
    if (piece.kind === "control") {
      const { opcode, payload } = piece;
      this.#judge(payload, true);
      const masked = this.#maskWhole(payload, opcode === OPCODES.close ? 2 : 0);
      return await this.#options.sink.send({ opcode, isFinal: true }, masked);
    }
    const { opcode, isFinal, isCompressed, payload } = piece;
    this.#message ??= this.#begin(opcode);
    const message = this.#message;
    if (isCompressed) {
      for await (const part of this.#inflater.push(payload, isFinal)) {
        this.#takePart(message, part);
        if (this.#cleared.length >= LIMITS.webSocketPartBytes) await this.#send(message, false);
      }
    } else this.#takePart(message, payload);
    if (!isFinal) return await this.#send(message, false);
    message.utf8?.push(new Uint8Array(0), true);
    if (message.isText) this.#judge(new Uint8Array(0), true);
    if (message.mask !== undefined) this.#cleared.add(message.mask.end());
    this.#note(message.mask);
    this.#message = undefined;
    await this.#send(message, true);
  }

  close(): void {
    this.#inflater.close();
  }

  #begin(opcode: 1 | 2): Message {
    const isText = opcode === OPCODES.text;
    return {
      opcode,
      utf8: isText ? new Utf8Check() : undefined,
      mask: this.#mask(),
      isText: isText || undefined,
      hasBegun: false,
    };
  }

  #takePart(message: Message, part: Uint8Array): void {
    if (part.length === 0) return;
    message.utf8?.push(part, false);
    message.isText ??= looksTextual(part);
    if (message.isText) this.#judge(part, false);
    this.#cleared.add(message.mask?.push(part) ?? part);
    this.#trail.add(part);
  }

  #judge(text: Uint8Array, isEnd: boolean): void {
    const { judge } = this.#options;
    if (text.length > 0) judge?.push(text);
    if (isEnd) judge?.push(WORD_END);
  }

  #mask(): MessageMask | undefined {
    const { echo } = this.#options;
    return echo === undefined ? undefined : new MessageMask(echo, this.#trail.bytes);
  }

  #note(mask: MessageMask | undefined): void {
    for (const name of mask?.found ?? []) this.#masked.add(name);
  }

  async #send(message: Message, isFinal: boolean): Promise<void> {
    if (!isFinal && this.#cleared.length === 0) return;
    const opcode = message.hasBegun ? OPCODES.continuation : message.opcode;
    message.hasBegun = true;
    await this.#options.sink.send({ opcode, isFinal }, this.#cleared.take());
  }

  /** Masks what has no parts; so many bytes in front are no text. */
  #maskWhole(payload: Uint8Array, skip: number): Uint8Array {
    const mask = this.#mask();
    if (mask === undefined || payload.length <= skip) return payload;
    const text = payload.subarray(skip);
    const masked = new Gather();
    for (const part of [payload.subarray(0, skip), mask.push(text), mask.end()]) masked.add(part);
    this.#note(mask);
    this.#trail.add(text);
    return masked.take();
  }
}
