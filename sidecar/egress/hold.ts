import { createHmac, randomBytes } from "node:crypto";
import type { Refusal } from "../../policy/dlp/decision.ts";
import type { Finding } from "../../policy/dlp/finding.ts";
import type { Secret } from "../../policy/secret.ts";
import type { Answer, ProposalQueue } from "../queue/proposal_queue.ts";
import { LIMITS } from "./limits.ts";

/** A value that a request waits for, and how it is put before a person. */
export interface HeldValue {
  readonly value: Secret;
  /** Nothing in either text is the value. */
  readonly proposedFile: string;
  readonly justification: string;
  /** SHA-256 of the routes in force. */
  readonly currentFileHash: string;
}

interface OpenQuestion {
  readonly answer: Promise<Refusal | undefined>;
  readonly withdraw: AbortController;
  waiters: number;
}

/** What a person says to a rejection reaches the agent up to this length, in characters. */
const MAX_NOTES = 2_000;

/** Lets requests wait for a person, and remembers which values that person called safe. */
export class HoldDesk {
  readonly #queue: ProposalQueue | undefined;
  /** How long a question stays open, in milliseconds. */
  readonly timeoutMs: number;
  /** Of no use after this process and outside it: a hash of a value cannot be tried against it. */
  readonly #salt = randomBytes(32);
  readonly #safe = new Set<string>();
  readonly #open = new Map<string, OpenQuestion>();

  constructor(options: { readonly queue: ProposalQueue | undefined; readonly timeoutMs: number }) {
    this.#queue = options.queue;
    this.timeoutMs = options.timeoutMs;
  }

  /** Has a person called the value of that finding safe for this bottle? */
  isSafe(finding: Finding): boolean {
    return this.#safe.size > 0 && this.#safe.has(this.#digest(finding.value));
  }

  /**
   * Waits until a person has called all of the values safe: then undefined, else why not. Aborting
   * withdraws what nobody else waits for. Never rejects.
   */
  async ask(values: readonly HeldValue[], signal: AbortSignal): Promise<Refusal | undefined> {
    const given = new AbortController();
    const both = AbortSignal.any([signal, given.signal]);
    let refusal: Refusal | undefined;
    await Promise.all(values.map(async (value) => {
      const answer = await this.#askOne(value, both);
      if (answer === undefined) return;
      refusal ??= answer;
      // One is enough to refuse the request; the others need not be answered any more.
      given.abort();
    }));
    return refusal;
  }

  async #askOne(held: HeldValue, signal: AbortSignal): Promise<Refusal | undefined> {
    const key = this.#digest(held.value);
    if (this.#safe.has(key)) return undefined;
    const open = this.#open.get(key) ?? this.#start(key, held);
    if ("outcome" in open) return open;
    open.waiters++;
    const gone = Promise.withResolvers<Refusal>();
    const leave = (): void => gone.resolve({ outcome: "withdrawn" });
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    try {
      return await Promise.race([open.answer, gone.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      if (--open.waiters === 0) open.withdraw.abort();
    }
  }

  #start(key: string, held: HeldValue): OpenQuestion | Refusal {
    if (this.#queue === undefined) return { outcome: "not_wired" };
    if (this.#open.size >= LIMITS.holds) return { outcome: "too_many" };
    const withdraw = new AbortController();
    const answer = this.#queue.ask({
      tool: "egress-token-allow",
      proposedFile: held.proposedFile,
      justification: held.justification,
      currentFileHash: held.currentFileHash,
      accepts: ["approved", "rejected"],
      timeoutMs: this.timeoutMs,
    }, withdraw.signal).then((given) => {
      this.#open.delete(key);
      const refusal = refusalOf(given);
      if (refusal === undefined) this.#safe.add(key);
      return refusal;
    });
    const open: OpenQuestion = { answer, withdraw, waiters: 0 };
    this.#open.set(key, open);
    // Nobody joins a question that was withdrawn.
    withdraw.signal.addEventListener("abort", () => this.#forget(key, open), { once: true });
    return open;
  }

  #forget(key: string, open: OpenQuestion): void {
    if (this.#open.get(key) === open) this.#open.delete(key);
  }

  #digest(value: Secret): string {
    return createHmac("sha256", this.#salt).update(value.reveal()).digest("base64");
  }
}

function refusalOf(answer: Answer): Refusal | undefined {
  if (answer.kind === "failed") return { outcome: "queue_failed" };
  if (answer.kind !== "answered") return { outcome: answer.kind };
  const { status, notes } = answer.response;
  if (status === "approved") return undefined;
  const shown = plain(notes);
  return { outcome: "rejected", ...(shown !== "" && { notes: shown }) };
}

/** A text without what could act on a terminal, and bounded. */
function plain(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]+/gu, " ").trim();
  return clean.slice(0, MAX_NOTES);
}
