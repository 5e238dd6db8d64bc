import type { EchoRedactor, EchoStream } from "../../../policy/dlp/inbound/echo.ts";
import type { InjectionJudge } from "../inbound_judge.ts";
import { looksTextual } from "../inbound_text.ts";
import { LIMITS } from "../limits.ts";
import { OPCODES } from "./frame.ts";
import { Gather } from "./gather.ts";
import { MessageInflater } from "./inflate.ts";
import type { Piece } from "./reader.ts";
import type { FrameSink } from "./sink.ts";
import { Utf8Check } from "./text.ts";

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
  readonly echo: EchoStream | undefined;
  isText: boolean | undefined;
  hasBegun: boolean;
}

/**
 * Sends the upstream's messages on as their frames come, with the secrets masked that they repeat.
 * The scan for orders to the agent goes on from message to message.
 */
export class InboundMessages {
  readonly #options: InboundMessagesOptions;
  readonly #inflater = new MessageInflater();
  readonly #cleared = new Gather();
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
      this.#options.judge?.push(payload);
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
    if (message.echo !== undefined) this.#cleared.add(message.echo.end());
    for (const name of message.echo?.found ?? []) this.#masked.add(name);
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
      echo: this.#options.echo?.stream(),
      isText: isText || undefined,
      hasBegun: false,
    };
  }

  #takePart(message: Message, part: Uint8Array): void {
    if (part.length === 0) return;
    message.utf8?.push(part, false);
    message.isText ??= looksTextual(part);
    if (message.isText) this.#options.judge?.push(part);
    this.#cleared.add(message.echo?.push(part) ?? part);
  }

  async #send(message: Message, isFinal: boolean): Promise<void> {
    if (!isFinal && this.#cleared.length === 0) return;
    const opcode = message.hasBegun ? OPCODES.continuation : message.opcode;
    message.hasBegun = true;
    await this.#options.sink.send({ opcode, isFinal }, this.#cleared.take());
  }

  /** Masks what has no parts; so many bytes in front are no text. */
  #maskWhole(payload: Uint8Array, skip: number): Uint8Array {
    const echo = this.#options.echo?.stream();
    if (echo === undefined || payload.length <= skip) return payload;
    const masked = new Gather();
    masked.add(payload.subarray(0, skip));
    masked.add(echo.push(payload.subarray(skip)));
    masked.add(echo.end());
    for (const name of echo.found) this.#masked.add(name);
    return masked.take();
  }
}
