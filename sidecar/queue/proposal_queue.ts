import type { ProposalResponse, ProposalTool } from "../../policy/wire/proposal.ts";
import { QueueFiles } from "./queue_files.ts";

/** How often answers are looked for while something waits for one, in milliseconds. */
const POLL_MS = 250;
/** Processed proposals that are kept as a record; a bottle must not fill its host's disk. */
const KEPT = 200;

/** What a person is asked. */
export interface Question {
  readonly tool: ProposalTool;
  readonly proposedFile: string;
  readonly justification: string;
  /** SHA-256 of the file in force, in hexadecimal digits. */
  readonly currentFileHash: string;
  /** Answers that make sense here; another one is reported and waited past. */
  readonly accepts: readonly ProposalResponse["status"][];
  readonly timeoutMs: number;
}

/** What came of a question. */
export type Answer =
  | { readonly kind: "answered"; readonly response: ProposalResponse }
  | { readonly kind: "timed_out" | "withdrawn" }
  | { readonly kind: "failed"; readonly reason: string };

interface Waiting {
  readonly accepts: readonly ProposalResponse["status"][];
  readonly settle: (answer: Answer) => void;
  /** Stamp of the last answer that could not be used, so that each is reported once. */
  reported?: string;
}

/**
 * Puts questions before a person by files and waits for the answers. Whoever asked moves what is
 * settled away; nothing is watched while nothing waits.
 */
export class ProposalQueue {
  readonly #files: QueueFiles;
  readonly #bottle: string;
  readonly #report: (what: string) => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #settled: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;

  constructor(options: {
    readonly folder: string;
    /** Slug. */
    readonly bottle: string;
    /** Takes what a person should know: a file that cannot be used. */
    readonly report: (what: string) => void;
  }) {
    this.#files = new QueueFiles(options.folder);
    this.#bottle = options.bottle;
    this.#report = options.report;
  }

  /** Asks and waits; aborting withdraws the question. Never rejects. */
  async ask(question: Question, signal: AbortSignal): Promise<Answer> {
    if (signal.aborted) return { kind: "withdrawn" };
    const id = crypto.randomUUID();
    try {
      await this.#files.propose({
        id,
        bottle_slug: this.#bottle,
        tool: question.tool,
        proposed_file: question.proposedFile,
        justification: question.justification,
        arrival_timestamp: new Date().toISOString(),
        current_file_hash: question.currentFileHash,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.name : String(error);
      this.#report(`the queue is not writable: ${reason}`);
      return { kind: "failed", reason };
    }
    const answer = await this.#wait(id, question, signal);
    await this.#settle(id, answer);
    return answer;
  }

  /** Puts away what an earlier process of this bottle asked and nobody waits for any more. */
  async abandonOld(tool: ProposalTool): Promise<void> {
    try {
      for (const id of await this.#files.open(tool)) {
        if (this.#waiting.has(id)) continue;
        const at = new Date().toISOString();
        await this.#files.settle(id, { proposal_id: id, outcome: "abandoned", at });
      }
    } catch (error) {
      this.#report(`old proposals stay: ${error instanceof Error ? error.name : String(error)}`);
    }
  }

  #wait(id: string, question: Question, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const withdraw = (): void => resolve({ kind: "withdrawn" });
    signal.addEventListener("abort", withdraw, { once: true });
    if (signal.aborted) withdraw();
    const timer = setTimeout(() => {
      // An answer of the last moment counts.
      this.#look().finally(() => resolve({ kind: "timed_out" }));
    }, question.timeoutMs);
    this.#waiting.set(id, { accepts: question.accepts, settle: resolve });
    this.#timer ??= setInterval(() => void this.#look(), POLL_MS);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", withdraw);
      this.#waiting.delete(id);
      if (this.#waiting.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
  }

  /** Looks for the answers to all that waits. Never rejects. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await Promise.all([...this.#waiting].map(([id, waiting]) => this.#lookFor(id, waiting)));
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookFor(id: string, waiting: Waiting): Promise<void> {
    const found = await this.#files.response(id);
    if (found === undefined) return;
    const { result, stamp } = found;
    if (result.ok && waiting.accepts.includes(result.value.status)) {
      return waiting.settle({ kind: "answered", response: result.value });
    }
    if (waiting.reported === stamp) return;
    waiting.reported = stamp;
    const reason = result.ok ? `${result.value.status} is no answer to this` : result.reason;
    this.#report(`the answer to ${id} cannot be used: ${reason}`);
  }

  async #settle(id: string, answer: Answer): Promise<void> {
    try {
      const at = new Date().toISOString();
      const isOpen = answer.kind === "timed_out" || answer.kind === "withdrawn";
      const note = isOpen ? { proposal_id: id, outcome: answer.kind, at } : undefined;
      await this.#files.settle(id, note);
      this.#settled.push(id);
      const oldest = this.#settled.length > KEPT ? this.#settled.shift() : undefined;
      if (oldest !== undefined) await this.#files.forget(oldest);
    } catch (error) {
      const reason = error instanceof Error ? error.name : String(error);
      this.#report(`${id} is settled but stays in the queue: ${reason}`);
    }
  }
}
