import {
  decideMatch,
  describeFound,
  foundSecret,
  foundSecrets,
  secretDenial,
} from "../../policy/dlp/decision.ts";
import type { ByteRange, Finding } from "../../policy/dlp/finding.ts";
import type { OutboundScanner, ScanRequest } from "../../policy/dlp/scan.ts";
import type { OutboundDetector, Route } from "../../policy/egress/route.ts";
import type { Denial, FoundSecret } from "../../policy/egress/verdict.ts";
import type { HeldValue, HoldDesk } from "./hold.ts";
import type { EgressLog } from "./log.ts";

/** A request whose scan found something. */
export interface Subject {
  readonly route: Route;
  readonly host: string;
  readonly method: string;
  /** Canonical. */
  readonly path: string;
  /** SHA-256 of the routes that it is decided by. */
  readonly routesHash: string;
  /** Aborted when the agent goes away. */
  readonly signal: AbortSignal;
}

/** A finding with what may be told of where it is. */
export interface Match {
  readonly finding: Finding;
  /** In words. */
  readonly place: string;
  /** What stands around it, with all findings masked; empty when that cannot be shown. */
  around(): string;
}

/** What a request does after a match: with the values replaced, or once more as it is. */
export type Settled = "redact" | "again" | Denial;

/** Thrown inside a body that is on its way when the rest of it must not leave. */
export class OutboundDenied extends Error {
  override readonly name = "OutboundDenied";
  readonly denial: Denial;

  constructor(denial: Denial) {
    super(denial.reason);
    this.denial = denial;
  }
}

/** Texts that people read never show what these find, whatever a route says. */
const SHOWN_BY: readonly OutboundDetector[] = Object.freeze(["token_patterns", "known_secrets"]);

/** Scans what leaves one bottle and deals with what is found. */
export class OutboundScreen {
  readonly scanner: OutboundScanner;
  readonly #desk: HoldDesk;
  readonly #log: EgressLog;
  readonly #redact: (text: string) => string;

  constructor(options: {
    readonly scanner: OutboundScanner;
    readonly desk: HoldDesk;
    readonly log: EgressLog;
    /** Takes secrets out of a text. */
    readonly redact: (text: string) => string;
  }) {
    this.scanner = options.scanner;
    this.#desk = options.desk;
    this.#log = options.log;
    this.#redact = options.redact;
  }

  /** How long a request waits for a person at most, in milliseconds. */
  get holdMs(): number {
    return this.#desk.timeoutMs;
  }

  /** How a request of that route is scanned; `undefined` when it is not. */
  request(route: Route): ScanRequest | undefined {
    const detectors = route.dlp.outboundDetectors;
    if (detectors.length === 0) return undefined;
    return { detectors, isSafe: (finding) => this.#desk.isSafe(finding) };
  }

  /**
   * Deals with a match by the route's policy: tells of it, and holds the request where a person is
   * to be asked. Never rejects.
   */
  async settle(subject: Subject, matches: readonly Match[], canRewrite: boolean): Promise<Settled> {
    const findings = matches.map(({ finding }) => finding);
    const found = foundSecrets(
      matches.map(({ finding, place }) => ({ finding, place: this.#redact(place) })),
    );
    const verdict = decideMatch(subject.route.dlp.outboundOnMatch, findings, canRewrite);
    if (verdict === "redact") {
      this.#tell(subject, { found, what: "redacted" });
      return "redact";
    }
    const host = this.#redact(subject.host);
    if (verdict === "block") return this.refuse(subject, secretDenial(host, found));
    this.#tell(subject, { found, what: "held" });
    const refusal = await this.#desk.ask(this.#held(subject, matches), subject.signal);
    if (refusal !== undefined) return this.refuse(subject, secretDenial(host, found, refusal));
    this.#tell(subject, { found, what: "approved" });
    return "again";
  }

  /** Logs a denial that is about a scan, and gives it back. */
  refuse(subject: Subject, denial: Denial): Denial {
    const { host, method, path } = subject;
    const [first] = denial.findings ?? [];
    this.#log.event({
      event: "egress_block",
      ...{ host, method, path, status: denial.status },
      reason: `${denial.reason}: ${denial.message}`,
      ...(first && { detector: first.detector, kind: first.kind, place: first.place }),
    });
    return denial;
  }

  #tell(subject: Subject, { found, what }: { found: readonly FoundSecret[]; what: string }): void {
    const { host, method, path } = subject;
    for (const one of found) {
      this.#log.event({
        event: "egress_warn",
        ...{ host, method, path },
        reason: `secret_${what}: ${describeFound(one)}`,
        ...{ detector: one.detector, kind: one.kind, place: one.place },
      });
    }
  }

  /** One question for each value, however often it stands there. */
  #held(subject: Subject, matches: readonly Match[]): HeldValue[] {
    const values = new Map(matches.map((match) => [match.finding.value.reveal(), match]));
    return [...values.values()].map((match) => this.#heldValue(subject, match));
  }

  #heldValue(subject: Subject, match: Match): HeldValue {
    const { host, method, path, routesHash } = subject;
    const { finding } = match;
    const shown = foundSecret(finding, this.#redact(match.place));
    const context = {
      detector: shown.detector,
      kind: shown.kind,
      written_as: shown.writtenAs,
      place: shown.place,
      host: this.#redact(host),
      method: this.#redact(method),
      path: this.#redact(path),
      around: this.#redact(match.around()),
    };
    return {
      value: finding.value,
      proposedFile: `${JSON.stringify(context, null, 2)}\n`,
      justification: `${describeFound(shown)} of ${context.method} ${context.host}${context.path}`,
      currentFileHash: routesHash,
    };
  }

  /**
   * Shows what stands around findings of these bytes, within the given bounds, with everything that
   * any detector finds masked, approved values included. All of them take one scan.
   */
  surroundings(bytes: Uint8Array): (finding: Finding, bounds?: ByteRange) => string {
    let all: readonly Finding[] | undefined;
    return ({ range, ...finding }, bounds = { start: 0, end: bytes.length }) => {
      if (range === undefined) return "";
      const start = Math.max(bounds.start, range.start - AROUND_BYTES);
      const end = Math.min(bounds.end, range.end + AROUND_BYTES);
      all ??= this.scanner.scan(bytes, { detectors: SHOWN_BY, isSafe: () => false });
      return masked(bytes, { start, end }, [...all, { ...finding, range }]);
    };
  }
}

/** What is shown on either side of a finding, in bytes. */
const AROUND_BYTES = 80;

/** A window of bytes as text, with each part that a finding covers as one mark. */
function masked(
  bytes: Uint8Array,
  window: { readonly start: number; readonly end: number },
  findings: readonly Finding[],
): string {
  const decoder = new TextDecoder();
  let text = "";
  let at = window.start;
  const ranges = findings.flatMap(({ range }) => range === undefined ? [] : [range])
    .sort((left, right) => left.start - right.start);
  for (const { start, end } of ranges) {
    if (end <= at || start >= window.end) continue;
    if (start > at) text += decoder.decode(bytes.subarray(at, start));
    text += "[...]";
    at = end;
  }
  return at < window.end ? text + decoder.decode(bytes.subarray(at, window.end)) : text;
}
