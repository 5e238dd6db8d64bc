import { secretDenial } from "../../../policy/dlp/decision.ts";
import type { Finding } from "../../../policy/dlp/finding.ts";
import type { ScanRequest } from "../../../policy/dlp/scan.ts";
import { mark } from "../../../policy/dlp/surfaces.ts";
import { LIMITS } from "../limits.ts";
import { OutboundDenied, type OutboundScreen, type Subject } from "../outbound.ts";
import { PlainBodyScan, type Released } from "../outbound_scan.ts";
import { OPCODES } from "./frame.ts";
import { Gather } from "./gather.ts";
import { MessageInflater } from "./inflate.ts";
import type { Piece } from "./reader.ts";
import type { FrameSink } from "./sink.ts";
import { Utf8Check } from "./text.ts";
import { Trail } from "./trail.ts";

/** What the agent's messages are dealt with by. */
export interface OutboundMessagesOptions {
  readonly outbound: OutboundScreen;
  readonly subject: Subject;
  /** The upstream. */
  readonly sink: FrameSink;
  /** Called when a person begins to be asked. */
  readonly onHold: () => void;
}

/** A message whose parts are on their way. */
interface Message {
  readonly opcode: 1 | 2;
  readonly utf8: Utf8Check | undefined;
  readonly scan: PlainBodyScan | undefined;
  /** May leave, once the message is whole or too long to hold. */
  readonly cleared: Gather;
  /** Of its bytes, up to what decides whether they continue what was sent before. */
  readonly start: Gather;
  length: number;
  hasBegun: boolean;
}

/** How much of what was sent is looked at together with what comes next, in bytes. */
const TRAIL_BYTES = 4 * 1024;
const NAMES: Readonly<Record<number, string>> = { 8: "close frame", 9: "ping", 10: "pong" };

/**
 * Sends the agent's messages on as far as the scan lets them: whole ones up to a bound, longer ones
 * part by part. What was sent before is looked at together with what comes next, so that a secret
 * in several messages is found like one in a single one.
 */
export class OutboundMessages {
  readonly #options: OutboundMessagesOptions;
  readonly #scan: ScanRequest | undefined;
  readonly #inflater = new MessageInflater();
  readonly #trail = new Trail(TRAIL_BYTES);
  #message: Message | undefined;
  #isHeld = false;

  constructor(options: OutboundMessagesOptions) {
    this.#options = options;
    this.#scan = options.outbound.request(options.subject.route);
  }

  /** A person is being asked. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** @throws {OutboundDenied | WebSocketFault} when the piece may not leave. */
  async take(piece: Piece): Promise<void> {
    if (piece.kind === "control") return await this.#takeControl(piece);
    const { opcode, isFinal, isCompressed, payload } = piece;
    this.#message ??= this.#begin(opcode);
    const message = this.#message;
    if (isCompressed) {
      for await (const part of this.#inflater.push(payload, isFinal)) {
        await this.#takePart(message, part);
      }
    } else await this.#takePart(message, payload);
    if (!isFinal) return;
    message.utf8?.push(new Uint8Array(0), true);
    await this.#checkAcross(message.start.take(), "message");
    await this.#clear(message, message.scan?.end() ?? []);
    this.#message = undefined;
    await this.#send(message, true);
  }

  close(): void {
    this.#inflater.close();
  }

  #begin(opcode: 1 | 2): Message {
    const isText = opcode === OPCODES.text;
    const { outbound, subject } = this.#options;
    const scan = this.#scan === undefined ? undefined : new PlainBodyScan({
      outbound,
      subject,
      scan: this.#scan,
      place: "a WebSocket message",
      // Only text is certain to mean the same with a mark in it.
      canRewrite: isText,
      mark,
    });
    return {
      opcode,
      utf8: isText ? new Utf8Check() : undefined,
      scan,
      cleared: new Gather(),
      start: new Gather(),
      length: 0,
      hasBegun: false,
    };
  }

  async #takePart(message: Message, part: Uint8Array): Promise<void> {
    if (part.length === 0) return;
    message.utf8?.push(part, false);
    message.length += part.length;
    const missing = TRAIL_BYTES - message.start.length;
    if (missing > 0 && !message.hasBegun) message.start.add(part.subarray(0, missing));
    await this.#clear(message, message.scan?.push(part) ?? [part]);
    if (message.length <= LIMITS.webSocketWholeBytes) return;
    if (!message.hasBegun) await this.#checkAcross(message.start.take(), "message");
    await this.#send(message, false);
  }

  async #clear(message: Message, released: Released | Promise<Released>): Promise<void> {
    const parts = released instanceof Promise ? await this.#held(released) : released;
    for (const part of parts) message.cleared.add(part);
  }

  async #send(message: Message, isFinal: boolean): Promise<void> {
    if (!isFinal && message.cleared.length === 0) return;
    const payload = message.cleared.take();
    this.#trail.add(payload);
    const opcode = message.hasBegun ? OPCODES.continuation : message.opcode;
    message.hasBegun = true;
    await this.#options.sink.send({ opcode, isFinal }, payload);
  }

  async #takeControl({ opcode, payload }: Extract<Piece, { kind: "control" }>): Promise<void> {
    if (payload.length > 0 && this.#scan !== undefined) {
      const place = NAMES[opcode] ?? "control frame";
      await this.#checkAcross(payload, place);
      const { outbound, subject } = this.#options;
      const scan = new PlainBodyScan({
        outbound,
        subject,
        scan: this.#scan,
        place: `a WebSocket ${place}`,
        canRewrite: false,
        mark,
      });
      for (const step of [() => scan.push(payload), () => scan.end()]) {
        const released = step();
        if (released instanceof Promise) await this.#held(released);
      }
    }
    this.#trail.add(payload);
    await this.#options.sink.send({ opcode, isFinal: true }, payload);
  }

  /** Refuses what continues, from what was sent before, something that must not leave. */
  async #checkAcross(start: Uint8Array, place: string): Promise<void> {
    const scan = this.#scan;
    if (scan === undefined || start.length === 0 || this.#trail.bytes.length === 0) return;
    const { outbound, subject } = this.#options;
    // What is random about two messages in a row says nothing.
    const request = { ...scan, detectors: scan.detectors.filter((one) => one !== "entropy") };
    for (let round = 0; round < LIMITS.scanRounds; round++) {
      const findings = this.#across(start, request);
      if (findings.length === 0) return;
      const where = `several WebSocket messages, the last one a ${place}`;
      const matches = findings.map((finding) => ({ finding, place: where, around: () => "" }));
      const settled = await this.#held(outbound.settle(subject, matches, false));
      if (settled === "again") continue;
      throw new OutboundDenied(
        settled === "redact" ? secretDenial(subject.host, []) : settled,
      );
    }
    throw new OutboundDenied(outbound.refuse(subject, secretDenial(subject.host, [])));
  }

  #across(start: Uint8Array, request: ScanRequest): readonly Finding[] {
    const { scanner } = this.#options.outbound;
    const border = this.#trail.bytes.length;
    const all = scanner.scan(this.#trail.before(start), request);
    if (all.length === 0) return all;
    const alone = [this.#trail.bytes, start].flatMap((bytes) => scanner.scan(bytes, request))
      .filter(({ range }) => range === undefined).map(({ kind }) => kind);
    return all.filter(({ range, kind }) =>
      range === undefined ? !alone.includes(kind) : range.start < border && range.end > border
    );
  }

  async #held<T>(answer: Promise<T>): Promise<T> {
    this.#isHeld = true;
    this.#options.onHold();
    try {
      return await answer;
    } finally {
      this.#isHeld = false;
    }
  }
}
