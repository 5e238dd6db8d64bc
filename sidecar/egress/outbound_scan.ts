import { besideCoded, isGzip } from "../../policy/dlp/coded.ts";
import { secretDenial, unreadableDenial } from "../../policy/dlp/decision.ts";
import type { Finding } from "../../policy/dlp/finding.ts";
import type { Compression, ScanRequest, StreamScan, StreamStep } from "../../policy/dlp/scan.ts";
import { LIMITS } from "./limits.ts";
import { OutboundDenied, type OutboundScreen, type Subject } from "./outbound.ts";
import { CodingError, DecodeChain } from "./outbound_decode.ts";

/** Bytes that may leave, in order. */
export type Released = readonly Uint8Array[];

/**
 * A body that is scanned as it comes. Each call gives what may leave by now; one that rejects with
 * {@linkcode OutboundDenied} is the last.
 */
export interface BodyScan {
  push(chunk: Uint8Array): Released | Promise<Released>;
  /** The sender pauses. */
  pause(): Released | Promise<Released>;
  end(): Released | Promise<Released>;
}

/** What a scan of a body belongs to. */
export interface BodyScanOptions {
  readonly outbound: OutboundScreen;
  readonly subject: Subject;
  readonly scan: ScanRequest;
  /** In words. */
  readonly place: string;
  /** May its bytes be changed? */
  readonly canRewrite: boolean;
  /** What a value is replaced by. */
  readonly mark: (finding: Finding) => string;
}

const encoder = new TextEncoder();

/** Scans a body as it is. */
export class PlainBodyScan implements BodyScan {
  readonly #options: BodyScanOptions;
  readonly #stream: StreamScan;

  constructor(options: BodyScanOptions) {
    this.#options = options;
    this.#stream = options.outbound.scanner.stream(options.scan);
  }

  push(chunk: Uint8Array): Released | Promise<Released> {
    return this.#through(this.#stream.push(chunk));
  }

  pause(): Released | Promise<Released> {
    return this.#through(this.#stream.pause());
  }

  end(): Released | Promise<Released> {
    return this.#through(this.#stream.end());
  }

  #through(step: StreamStep): Released | Promise<Released> {
    return step.ok ? step.release : this.#settle(step.findings);
  }

  async #settle(found: readonly Finding[]): Promise<Released> {
    const { outbound, subject, place } = this.#options;
    let findings = found;
    for (let round = 0; round < LIMITS.scanRounds; round++) {
      const matches = findings.map((finding) => ({ finding, place, around: () => "" }));
      const canRewrite = this.#options.canRewrite &&
        findings.every(({ range }) => range !== undefined);
      const settled = await outbound.settle(subject, matches, canRewrite);
      if (settled !== "again" && settled !== "redact") throw new OutboundDenied(settled);
      const step = settled === "again"
        ? this.#stream.retry()
        : this.#stream.redact((finding) => encoder.encode(this.#options.mark(finding)));
      if (step.ok) return step.release;
      findings = step.findings;
    }
    throw new OutboundDenied(outbound.refuse(subject, secretDenial(subject.host, [])));
  }
}

/** How far into the coded and the decoded body a piece ends. */
interface Mark {
  readonly coded: number;
  readonly decoded: number;
}

/**
 * Scans a coded body both as it is, since what stands beside the coded content is read by some, and
 * decoded. A piece leaves once all that it decodes to may.
 */
export class CodedBodyScan implements BodyScan {
  readonly #options: BodyScanOptions;
  readonly #raw: PlainBodyScan;
  readonly #plain: PlainBodyScan;
  readonly #chain: DecodeChain;
  /** What the scan of the body as it is let go. */
  #waiting: Uint8Array[] = [];
  readonly #marks: Mark[] = [];
  #coded = 0;
  #decoded = 0;
  #passed = 0;
  #left = 0;

  constructor(options: BodyScanOptions, codings: readonly Compression[]) {
    this.#options = { ...options, canRewrite: false };
    this.#raw = new PlainBodyScan({ ...this.#options, scan: besideCoded(options.scan) });
    const place = `${options.place} (decoded from ${codings.toReversed().join(" in ")})`;
    this.#plain = new PlainBodyScan({ ...this.#options, place });
    this.#chain = new DecodeChain(codings);
  }

  async push(chunk: Uint8Array): Promise<Released> {
    return await this.#guard(async () => {
      for (let at = 0; at < chunk.length; at += LIMITS.codedPieceBytes) {
        const piece = chunk.subarray(at, at + LIMITS.codedPieceBytes);
        this.#coded += piece.length;
        this.#waiting.push(...await this.#raw.push(piece));
        await this.#scanDecoded(await this.#chain.push(piece));
        const known = this.#coded - this.#chain.openBytes;
        if (known > 0) this.#marks.push({ coded: known, decoded: this.#decoded });
      }
      return this.#release();
    });
  }

  async pause(): Promise<Released> {
    return await this.#guard(async () => {
      this.#waiting.push(...await this.#raw.pause());
      this.#count(await this.#plain.pause());
      return this.#release();
    });
  }

  async end(): Promise<Released> {
    return await this.#guard(async () => {
      await this.#scanDecoded(await this.#chain.end());
      this.#count(await this.#plain.end());
      this.#waiting.push(...await this.#raw.end());
      this.#marks.push({ coded: this.#coded, decoded: this.#passed });
      return this.#release();
    });
  }

  async #scanDecoded(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#decoded += bytes.length;
    this.#count(await this.#plain.push(bytes));
  }

  #count(released: Released): void {
    for (const part of released) this.#passed += part.length;
  }

  /** Gives of what waits whatever belongs to pieces whose content has passed. */
  #release(): Released {
    let upTo = this.#left;
    while ((this.#marks[0]?.decoded ?? Infinity) <= this.#passed) {
      upTo = this.#marks.shift()?.coded ?? upTo;
    }
    const released: Uint8Array[] = [];
    while (this.#left < upTo) {
      const part = this.#waiting.shift();
      if (part === undefined) {
        // The scan of the body as it is holds the rest back; the piece goes when that lets go.
        this.#marks.unshift({ coded: upTo, decoded: 0 });
        break;
      }
      const length = Math.min(part.length, upTo - this.#left);
      released.push(part.subarray(0, length));
      if (length < part.length) this.#waiting.unshift(part.subarray(length));
      this.#left += length;
    }
    return released;
  }

  async #guard(run: () => Promise<Released>): Promise<Released> {
    try {
      return await run();
    } catch (error) {
      this.#chain.destroy();
      if (!(error instanceof CodingError)) throw error;
      const { outbound, subject } = this.#options;
      const message = `the body cannot be scanned: ${error.message}`;
      throw new OutboundDenied(outbound.refuse(subject, unreadableDenial(subject.host, message)));
    }
  }
}

/**
 * Scans a body without coding. One that begins like a gzip file is scanned as if it were declared
 * so: the scan of bytes looks into what is compressed only so far, and an archive may be long.
 */
export class UncodedBodyScan implements BodyScan {
  readonly #options: BodyScanOptions;
  #scan: BodyScan | undefined;
  #head = new Uint8Array(0);

  constructor(options: BodyScanOptions) {
    this.#options = options;
  }

  push(chunk: Uint8Array): Released | Promise<Released> {
    if (this.#scan !== undefined) return this.#scan.push(chunk);
    this.#head = this.#head.length === 0 ? chunk.slice() : concat(this.#head, chunk);
    const gzip = isGzip(this.#head);
    return gzip === undefined ? [] : this.#begin(gzip);
  }

  pause(): Released | Promise<Released> {
    return this.#finish((scan) => scan.pause());
  }

  end(): Released | Promise<Released> {
    return this.#finish((scan) => scan.end());
  }

  /** What is too short to tell is let go as it is: the scan of bytes goes on from there. */
  #finish(step: (scan: BodyScan) => Released | Promise<Released>): Released | Promise<Released> {
    if (this.#scan !== undefined) return step(this.#scan);
    const scan = this.#scan = new PlainBodyScan(this.#options);
    const begun = this.#head.length === 0 ? [] : scan.push(this.#head);
    return Promise.resolve(begun).then(async (released) => [...released, ...await step(scan)]);
  }

  #begin(gzip: boolean): Released | Promise<Released> {
    const head = this.#head;
    this.#head = new Uint8Array(0);
    this.#scan = gzip
      ? new CodedBodyScan(this.#options, ["gzip"])
      : new PlainBodyScan(this.#options);
    return this.#scan.push(head);
  }
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}
