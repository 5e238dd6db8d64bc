import type { Finding } from "./finding.ts";
import type { StreamScan, StreamStep } from "./scan.ts";
import { HeldBytes } from "./stream_held.ts";
import { BLOCK, type WindowScan } from "./stream_window.ts";

/** Rounds of replacing and looking again before it is given up. */
const MOST_ROUNDS = 16;
/** Stands for each byte that was replaced in what is still to be scanned. */
const MASK = 0x2a;

/** What a scan is made at: a block is full, the sender pauses, or the body ends. */
type Moment = "full" | "pause" | "end";

/** One body, scanned block by block as it arrives. */
export class Stream implements StreamScan {
  readonly #overlap: number;
  readonly #held = new HeldBytes();
  readonly #scan: WindowScan;
  /** The window that is being filled, and where it stands in the body. */
  #window = new Uint8Array(0);
  #filled = 0;
  #offset = 0;
  /** Where in the body the window ends at most. */
  #limit = BLOCK;
  /** Chunks that did not fit into the window yet. */
  #waiting: Uint8Array[] = [];
  /** The scan up to the last pause, which may be in the middle of a window. */
  #live: WindowScan;
  #liveStart = 0;
  /** End of what was released. */
  #released = 0;
  #stopped: { readonly moment: Moment; readonly findings: readonly Finding[] } | undefined;
  #isEnded = false;
  /** Released, but not handed out yet, since what followed was stopped. */
  #ready: Uint8Array[] = [];

  constructor(scan: WindowScan, overlap: number) {
    this.#scan = scan;
    this.#live = scan.fork();
    this.#overlap = overlap;
  }

  push(chunk: Uint8Array): StreamStep {
    if (this.#isEnded) throw new TypeError("Cannot scan more of a body: it has ended");
    this.#held.add(chunk);
    if (chunk.length > 0) this.#waiting.push(chunk);
    return this.#answer(this.#goOn());
  }

  pause(): StreamStep {
    return this.#goOn() ? this.#answer(this.#look("pause")) : this.#answer(false);
  }

  end(): StreamStep {
    this.#isEnded = true;
    return this.#answer(this.#goOn());
  }

  retry(): StreamStep {
    return this.#answer(this.#again());
  }

  redact(replacement: (finding: Finding) => Uint8Array): StreamStep {
    for (let round = 0; round < MOST_ROUNDS && this.#stopped; round++) {
      const { findings } = this.#stopped;
      if (!findings.every((finding) => this.#canReplace(finding))) break;
      for (const finding of findings) this.#replace(finding, replacement(finding));
      this.#again();
    }
    return this.#answer(!this.#stopped);
  }

  #answer(isClean: boolean): StreamStep {
    if (!isClean) return { ok: false, findings: this.#stopped?.findings ?? [] };
    const release = this.#ready;
    this.#ready = [];
    return { ok: true, release };
  }

  /** Makes the scan that stopped once more, and goes on when it is clean. */
  #again(): boolean {
    const { moment } = this.#stopped ?? {};
    this.#stopped = undefined;
    if (moment !== undefined && !this.#look(moment)) return false;
    return moment === "end" || this.#goOn();
  }

  /** Fills windows with what waits, and scans each that is full with more behind it. */
  #goOn(): boolean {
    while (!this.#stopped) {
      this.#fill();
      const moment = this.#waiting.length > 0 ? "full" : this.#isEnded ? "end" : undefined;
      if (!moment) return true;
      if (this.#look(moment) && moment === "end") return true;
    }
    return false;
  }

  #fill(): void {
    while (this.#waiting.length > 0) {
      const [chunk = new Uint8Array()] = this.#waiting;
      const room = this.#limit - this.#offset - this.#filled;
      if (room === 0) return;
      const part = chunk.subarray(0, room);
      this.#append(part);
      if (part.length < chunk.length) this.#waiting[0] = chunk.subarray(part.length);
      else this.#waiting.shift();
    }
  }

  #append(part: Uint8Array): void {
    const length = this.#filled + part.length;
    if (length > this.#window.length) {
      const grown = new Uint8Array(2 ** Math.ceil(Math.log2(Math.max(length, 4096))));
      grown.set(this.#window.subarray(0, this.#filled));
      this.#window = grown;
    }
    this.#window.set(part, this.#filled);
    this.#filled = length;
  }

  /** Scans the window; when it is clean, releases what may leave and goes on behind it. */
  #look(moment: Moment): boolean {
    const isPause = moment === "pause";
    if (isPause && this.#liveStart < this.#offset) {
      this.#live = this.#scan.fork();
      this.#liveStart = this.#offset;
    }
    const scan = isPause ? this.#live : this.#scan;
    const offset = isPause ? this.#liveStart : this.#offset;
    const text = this.#window.subarray(offset - this.#offset, this.#filled);
    const findings = scan.scan(text, { offset, isLast: moment === "end" });
    if (findings.length > 0) {
      this.#stopped = { moment, findings };
      return false;
    }
    const end = offset + text.length;
    if (moment === "end") this.#release(end);
    else {
      const { openAt } = scan;
      const next = scan.advance(text);
      if (isPause) this.#liveStart += next;
      else this.#drop(next);
      // What a compressed stream holds may show with its last byte alone.
      this.#release(Math.min(offset + openAt, isPause ? end : end - this.#overlap));
    }
    return true;
  }

  /** The next window begins at `next` of this one. */
  #drop(next: number): void {
    this.#window.copyWithin(0, next, this.#filled);
    this.#filled -= next;
    this.#offset += next;
    this.#limit += BLOCK;
  }

  #release(end: number): void {
    this.#released = Math.max(this.#released, end);
    this.#ready.push(...this.#held.takeUntil(this.#released));
  }

  /** What was released cannot be changed any more, and what has no place never could. */
  #canReplace({ range }: Finding): boolean {
    return range !== undefined && range.end > this.#released;
  }

  #replace({ range }: Finding, bytes: Uint8Array): void {
    if (!range) return;
    this.#held.replace(range, bytes);
    const start = Math.max(0, Math.max(range.start, this.#released) - this.#offset);
    this.#window.fill(MASK, start, range.end - this.#offset);
  }
}
