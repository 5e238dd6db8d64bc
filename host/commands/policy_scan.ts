import { besideCoded, isGzip } from "../../policy/dlp/coded.ts";
import {
  decideMatch,
  foundSecrets,
  type MatchVerdict,
  secretDenial,
  unreadableDenial,
} from "../../policy/dlp/decision.ts";
import type { Finding } from "../../policy/dlp/finding.ts";
import type { ScanReport } from "../../policy/dlp/report.ts";
import type { OutboundScanner, ScanRequest, StreamScan } from "../../policy/dlp/scan.ts";
import { locate, type PassedHead, screenedParts } from "../../policy/dlp/screen_head.ts";
import { layOutHead } from "../../policy/dlp/surfaces.ts";
import { canRewrite } from "../../policy/dlp/surfaces_rewrite.ts";
import { signedSurfaces } from "../../policy/dlp/surfaces_signed.ts";
import type { Denial } from "../../policy/egress/verdict.ts";
import { CodingError, contentCodings, DecodeChain } from "../proxy_parts.ts";

/** What a request is scanned with. */
export interface ScanSetting {
  readonly scanner: OutboundScanner;
  /** Names of the secrets that the scanner knows. */
  readonly known: readonly string[];
  /** The body in chunks, and its length; absent when there is none. */
  readonly body?: { readonly chunks: AsyncIterable<Uint8Array>; readonly bytes: number };
}

/** What the scan came to, and the denial when it refuses. */
export interface Scanned {
  readonly report: ScanReport;
  readonly denial?: Denial;
}

interface Match {
  readonly finding: Finding;
  readonly place: string;
}

/** Findings of one part of a request, and whether all of them could be replaced. */
interface PartFound {
  readonly matches: readonly Match[];
  readonly canRewrite: boolean;
}

/** Scans a request that the rules let pass as the proxy does: its head, then its body. */
export async function scanRequest(head: PassedHead, setting: ScanSetting): Promise<Scanned> {
  const { route, host } = head.verdict;
  const detectors = route.dlp.outboundDetectors;
  const base = {
    route,
    known: setting.known,
    ...(setting.body && { bodyBytes: setting.body.bytes }),
  };
  if (detectors.length === 0) return { report: { ...base, found: [] } };
  const { scanner } = setting;
  const scan: ScanRequest = { detectors, isSafe: () => false };
  const inHead = scanHead(head, scanner, scan);
  const inBody = await scanBody(head, setting, scan);
  if (typeof inBody === "string") {
    return { report: { ...base, found: [] }, denial: unreadableDenial(host, inBody) };
  }
  const parts = [inHead, inBody].filter(({ matches }) => matches.length > 0);
  const found = foundSecrets(parts.flatMap(({ matches }) => matches));
  if (found.length === 0) return { report: { ...base, found } };
  const verdict = parts.map(({ matches, canRewrite }) =>
    decideMatch(route.dlp.outboundOnMatch, matches.map(({ finding }) => finding), canRewrite)
  ).reduce(stricter);
  return {
    report: { ...base, found, verdict },
    ...(verdict === "block" && { denial: secretDenial(host, found) }),
  };
}

const STRICTNESS: readonly MatchVerdict[] = ["redact", "hold", "block"];

function stricter(one: MatchVerdict, other: MatchVerdict): MatchVerdict {
  return STRICTNESS.indexOf(one) > STRICTNESS.indexOf(other) ? one : other;
}

function scanHead(head: PassedHead, scanner: OutboundScanner, scan: ScanRequest): PartFound {
  const parts = screenedParts(head);
  const layout = layOutHead(parts);
  const findings = scanner.scan(layout.bytes, scan);
  const signed = signedSurfaces(parts.headers, parts.query);
  return {
    matches: locate(layout, findings, { scanner, scan }),
    canRewrite: canRewrite(layout, findings, signed),
  };
}

/** The findings of the body, or why it cannot be scanned. */
async function scanBody(
  { verdict, forwarded }: PassedHead,
  { body, scanner }: ScanSetting,
  scan: ScanRequest,
): Promise<PartFound | string> {
  if (body === undefined) return { matches: [], canRewrite: true };
  const codings = contentCodings(forwarded);
  if (!codings.ok) return `the body cannot be scanned: ${codings.reason}`;
  const { head, chunks } = await peek(body.chunks);
  const list = codings.list.length === 0 && isGzip(head) ? ["gzip" as const] : codings.list;
  if (list.length === 0) {
    const raw = new PartScan(scanner.stream(scan), "body");
    const isSigned = signedSurfaces(forwarded, verdict.query).body;
    for await (const chunk of chunks) if (!raw.push(chunk)) break;
    return raw.end(!isSigned);
  }
  const raw = new PartScan(scanner.stream(besideCoded(scan)), "body");
  const place = `body (decoded from ${list.toReversed().join(" in ")})`;
  const plain = new PartScan(scanner.stream(scan), place);
  const chain = new DecodeChain(list);
  try {
    for await (const chunk of chunks) {
      if (!raw.push(chunk) || !plain.push(await chain.push(chunk))) break;
    }
    if (!raw.isStopped && !plain.isStopped) plain.push(await chain.end());
  } catch (error) {
    if (!(error instanceof CodingError)) throw error;
    return `the body cannot be scanned: ${error.message}`;
  } finally {
    chain.destroy();
  }
  // What is compressed cannot be rewritten.
  const [one, other] = [raw.end(false), plain.end(false)];
  return { matches: [...one.matches, ...other.matches], canRewrite: false };
}

/** The first chunk of a body, and all of them. */
async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly chunks: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = first.done ? new Uint8Array() : first.value;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    if (first.done) return;
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  return { head, chunks: chunks() };
}

/** One stream of a body, up to the first place where the proxy would stop it. */
class PartScan {
  readonly #stream: StreamScan;
  readonly #place: string;
  #findings: readonly Finding[] = [];

  constructor(stream: StreamScan, place: string) {
    this.#stream = stream;
    this.#place = place;
  }

  get isStopped(): boolean {
    return this.#findings.length > 0;
  }

  /** Tells whether more is wanted. */
  push(chunk: Uint8Array): boolean {
    if (this.isStopped) return false;
    const step = this.#stream.push(chunk);
    if (!step.ok) this.#findings = step.findings;
    return step.ok;
  }

  end(mayRewrite: boolean): PartFound {
    if (!this.isStopped) {
      const step = this.#stream.end();
      if (!step.ok) this.#findings = step.findings;
    }
    return {
      matches: this.#findings.map((finding) => ({ finding, place: this.#place })),
      canRewrite: mayRewrite && this.#findings.every(({ range }) => range !== undefined),
    };
  }
}
