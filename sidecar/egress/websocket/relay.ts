import type { Socket } from "node:net";
import type { ProxyContext } from "../clearance.ts";
import { InjectionFound, InjectionJudge } from "../inbound_judge.ts";
import { LIMITS } from "../limits.ts";
import { OutboundDenied, type Subject } from "../outbound.ts";
import { WebSocketFault } from "./fault.ts";
import { OPCODES } from "./frame.ts";
import { InboundMessages } from "./inbound_messages.ts";
import { Lane } from "./lane.ts";
import { OutboundMessages } from "./outbound_messages.ts";
import { FrameReader, type Piece } from "./reader.ts";
import { FrameSink } from "./sink.ts";

/** One end of a WebSocket whose handshake is done. */
export interface End {
  readonly socket: Socket;
  /** What came after its part of the handshake already. */
  readonly head: Uint8Array;
}

/** A WebSocket that is to be relayed. */
export interface WebSocketSession {
  readonly agent: End;
  readonly upstream: End;
  /** permessage-deflate was agreed upon. */
  readonly mayCompress: boolean;
  /** Without its signal, which is the session's. */
  readonly subject: Omit<Subject, "signal">;
  /** As it is logged. */
  readonly about: { readonly host: string; readonly method: string; readonly path: string };
}

/** Code of an end that leaves because of the other one (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/**
 * Relays a WebSocket message by message in both directions, never bytes that were not understood.
 * Resolves with the bytes that came from upstream once both connections are over. Never rejects.
 */
export function relayWebSocket(context: ProxyContext, session: WebSocketSession): Promise<number> {
  return new Relay(context, session).run();
}

class Relay {
  readonly #context: ProxyContext;
  readonly #session: WebSocketSession;
  readonly #toAgent: FrameSink;
  readonly #toUpstream: FrameSink;
  readonly #outbound: OutboundMessages;
  readonly #inbound: InboundMessages;
  readonly #lanes: readonly Lane[];
  /** Aborted when either end is gone: nobody waits for an answer any more. */
  readonly #gone = new AbortController();
  #isClosing = false;
  #hasFailed = false;
  #bytes = 0;

  constructor(context: ProxyContext, session: WebSocketSession) {
    this.#context = context;
    this.#session = session;
    const { agent, upstream, subject: { route } } = session;
    this.#toAgent = new FrameSink(agent.socket, { isMasked: false });
    this.#toUpstream = new FrameSink(upstream.socket, { isMasked: true });
    this.#outbound = new OutboundMessages({
      outbound: context.outbound,
      subject: { ...session.subject, signal: this.#gone.signal },
      sink: this.#toUpstream,
      onHold: () => {
        for (const lane of this.#lanes) lane.sift();
      },
    });
    const wantsScan = route.dlp.inboundDetectors.includes("naive_injection_detection");
    this.#inbound = new InboundMessages({
      echo: context.inbound.echo,
      judge: wantsScan
        ? new InjectionJudge(
          context.inbound.injection(),
          (reason) => this.#log("egress_warn", `injection_suspected: ${reason}`),
        )
        : undefined,
      sink: this.#toAgent,
    });
    this.#lanes = [this.#outboundLane(agent.socket), this.#inboundLane(upstream.socket)];
  }

  run(): Promise<number> {
    const { agent, upstream } = this.#session;
    const ends = [agent, upstream];
    for (const { socket } of ends) {
      socket.setTimeout(LIMITS.idleMs, () => socket.destroy());
      socket.on("error", () => socket.destroy());
      socket.once("end", () => this.#gone.abort()).once("close", () => this.#gone.abort());
    }
    const closed = ends.map(({ socket }) =>
      socket.closed ? Promise.resolve() : new Promise<void>((done) => socket.once("close", done))
    );
    for (const [index, lane] of this.#lanes.entries()) {
      lane.start(ends[index]?.head ?? new Uint8Array(0));
    }
    return Promise.all(closed).then(() => {
      this.#outbound.close();
      this.#inbound.close();
      const masked = this.#inbound.masked.join(", ");
      if (masked !== "") this.#log("egress_warn", `echoed_secret: ${masked} masked`);
      return this.#bytes;
    });
  }

  #outboundLane(from: Socket): Lane {
    return new Lane({
      from,
      reader: this.#reader(true),
      take: async (piece) => {
        await this.#outbound.take(piece);
        this.#passedOn(piece);
      },
      // A person may take minutes: the agent's library must see that the connection lives.
      aside: (piece) => this.#outbound.isHeld && this.#answerPing(piece, this.#toAgent),
      onChunk: (bytes) => this.#context.memory.relayed(bytes),
      onEnd: () => this.#ended(from, this.#session.upstream.socket),
      onFault: (error) => this.#fail(error, { faulty: this.#toAgent, other: this.#toUpstream }),
    });
  }

  #inboundLane(from: Socket): Lane {
    return new Lane({
      from,
      reader: this.#reader(false),
      take: async (piece) => {
        await this.#inbound.take(piece);
        this.#passedOn(piece);
      },
      // The agent's own answer would wait behind the message that is held.
      aside: (piece) => this.#outbound.isHeld && this.#answerPing(piece, this.#toUpstream),
      onChunk: (bytes) => {
        this.#bytes += bytes;
        this.#context.memory.relayed(bytes);
      },
      onEnd: () => this.#ended(from, this.#session.agent.socket),
      onFault: (error) => this.#fail(error, { faulty: this.#toUpstream, other: this.#toAgent }),
    });
  }

  #reader(isMasked: boolean): FrameReader {
    return new FrameReader({
      isMasked,
      mayCompress: this.#session.mayCompress,
      partBytes: LIMITS.webSocketPartBytes,
      messageBytes: LIMITS.webSocketMessageBytes,
    });
  }

  #answerPing(piece: Piece, sender: FrameSink): boolean {
    if (piece.kind !== "control" || piece.opcode === OPCODES.close) return false;
    // Who sends pings faster than it takes answers gets fewer of them.
    if (piece.opcode === OPCODES.ping && !sender.isFull) {
      void sender.send({ opcode: OPCODES.pong, isFinal: true }, piece.payload);
    }
    return true;
  }

  /** After each side's close frame went on, both connections end (RFC 6455, section 7.1.1). */
  #passedOn(piece: Piece): void {
    if (piece.kind !== "control" || piece.opcode !== OPCODES.close) return;
    this.#limitClosing();
    if (this.#toAgent.hasClosed && this.#toUpstream.hasClosed) this.#endBoth();
  }

  /** One end is over and said no goodbye: neither does the other one hear any. */
  #ended(from: Socket, other: Socket): void {
    from.destroySoon();
    other.destroySoon();
  }

  #fail(error: unknown, ends: { readonly faulty: FrameSink; readonly other: FrameSink }): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    for (const lane of this.#lanes) lane.stop();
    if (error instanceof WebSocketFault) {
      this.#log("egress_warn", `websocket: ${error.message}`);
      ends.faulty.close(error.code, error.message);
      ends.other.close(GOING_AWAY, "the other end broke the protocol");
    } else {
      const reason = this.#refusal(error);
      ends.faulty.close(POLICY_VIOLATION, reason);
      ends.other.close(POLICY_VIOLATION, reason);
    }
    this.#limitClosing();
    this.#endBoth();
  }

  /** Why the policy ends it, in words that may be shown to both ends. */
  #refusal(error: unknown): string {
    if (error instanceof OutboundDenied) {
      // The scan has logged it.
      const [first] = error.denial.findings ?? [];
      if (first === undefined) return error.denial.reason;
      return `${error.denial.reason}: ${first.detector}: ${first.kind}`;
    }
    if (error instanceof InjectionFound) {
      this.#log("egress_block", `injection_found: ${error.message}; the WebSocket was closed`);
      return "injection_found: naive_injection_detection";
    }
    const message = error instanceof Error ? error.message : String(error);
    this.#log("egress_warn", `websocket: aborted: ${message}`);
    return "the proxy failed";
  }

  #limitClosing(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { agent, upstream } = this.#session;
    const timer = setTimeout(() => {
      agent.socket.destroy();
      upstream.socket.destroy();
    }, LIMITS.webSocketCloseMs);
    Promise.all(
      [agent, upstream].map(({ socket }) =>
        new Promise((done) => socket.closed ? done(undefined) : socket.once("close", done))
      ),
    ).then(() => clearTimeout(timer));
  }

  #endBoth(): void {
    for (const { socket } of [this.#session.agent, this.#session.upstream]) {
      socket.end();
      socket.resume();
    }
  }

  #log(event: "egress_warn" | "egress_block", reason: string): void {
    this.#context.log.event({ event, ...this.#session.about, reason });
  }
}
