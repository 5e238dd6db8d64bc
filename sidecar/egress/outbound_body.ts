import { isGzip } from "../../policy/dlp/coded.ts";
import { secretDenial, unreadableDenial } from "../../policy/dlp/decision.ts";
import type { Compression } from "../../policy/dlp/scan.ts";
import { encodedMark, mark, replaceFindings } from "../../policy/dlp/surfaces.ts";
import { signedSurfaces } from "../../policy/dlp/surfaces_signed.ts";
import { type Header, headerValues } from "../../policy/egress/end_to_end.ts";
import { forwardedTrailers } from "../../policy/egress/forwarded_headers.ts";
import type { Denial } from "../../policy/egress/verdict.ts";
import { type Body, readAhead } from "./body.ts";
import type { HeldRoom } from "./body_room.ts";
import type { Cleared, ProxyContext } from "./clearance.ts";
import { contentCodings } from "./inbound_codings.ts";
import { LIMITS } from "./limits.ts";
import { type AgentRequest, pairs } from "./message.ts";
import { OutboundDenied } from "./outbound.ts";
import { screenTrailers, subjectOf } from "./outbound_head.ts";
import { type BodyScanOptions, CodedBodyScan, UncodedBodyScan } from "./outbound_scan.ts";
import { ScreenedBody } from "./outbound_stream.ts";

/** What goes upstream of a request whose head may, as it may leave. */
export interface Outgoing {
  /** Those of the request, with its length corrected. */
  readonly headers: readonly Header[];
  readonly body: Body | undefined;
  /** Asked for once the body has ended. */
  trailers(): readonly Header[];
  /** Why a body on its way was stopped. */
  denial(): Denial | undefined;
}

/** How long a request lives. */
export interface Lifetime {
  /** Aborts when the agent goes away. */
  readonly signal: AbortSignal;
  /** What ends with the exchange. */
  readonly scope: DisposableStack;
}

interface Screening {
  readonly options: BodyScanOptions;
  readonly codings: readonly Compression[];
  readonly headers: readonly Header[];
  /** As the agent sent them; asked for once the body has ended. */
  readonly trailers: () => readonly Header[];
}

/**
 * Step 6 for what follows the head. A short body is scanned whole before this resolves; a long one,
 * or one that pauses, is scanned on its way, its beginning before this resolves. Rejects with
 * {@linkcode OutboundDenied}, or when the sender breaks off.
 */
export async function screenBody(
  context: ProxyContext,
  cleared: Cleared,
  request: AgentRequest,
  lifetime: Lifetime,
): Promise<Outgoing> {
  const { headers, verdict: { route, query } } = cleared;
  const trailers = (): readonly Header[] => forwardedTrailers(route, pairs(request.rawTrailers));
  const rest = { headers, trailers, denial: () => undefined };
  if (!hasBody(request)) return { ...rest, body: undefined };
  const scan = context.outbound.request(route);
  if (scan === undefined) {
    return { ...rest, body: (await readHeld(context, request, lifetime)).body };
  }
  const isForm = headerValues(headers, "content-type")
    .some((value) => value.toLowerCase().startsWith("application/x-www-form-urlencoded"));
  const options: BodyScanOptions = {
    outbound: context.outbound,
    subject: subjectOf(cleared, lifetime.signal),
    scan,
    place: "body",
    canRewrite: !signedSurfaces(headers, query).body,
    mark: isForm ? encodedMark : mark,
  };
  const codings = contentCodings(headers);
  if (!codings.ok) {
    const message = `the body cannot be scanned: ${codings.reason}`;
    const denial = unreadableDenial(cleared.verdict.host, message);
    throw new OutboundDenied(context.outbound.refuse(options.subject, denial));
  }
  const screening = { options, codings: codings.list, headers, trailers };
  const { body, room } = await readHeld(context, request, lifetime);
  return body.kind === "whole"
    ? await screenWhole(screening, body.bytes)
    : await screenStream(context, screening, { body, room });
}

/** Reads a body ahead once there is room for it, which the exchange has until its end. */
async function readHeld(
  context: ProxyContext,
  request: AgentRequest,
  { signal, scope }: Lifetime,
): Promise<{ readonly body: Body; readonly room: HeldRoom | undefined }> {
  const declared = request.headers["content-length"];
  const length = declared === undefined ? LIMITS.wholeBodyBytes : Number(declared);
  // Nothing of a longer one is read ahead.
  if (length > LIMITS.wholeBodyBytes) {
    return { body: await readAhead(request, length), room: undefined };
  }
  const room = await context.bodies.take(length, signal);
  scope.defer(() => room.release());
  const body = await readAhead(request, length);
  room.shrink(body.kind === "whole" ? body.bytes.length : body.source.readableLength);
  return { body, room };
}

function hasBody(request: AgentRequest): boolean {
  if ("stream" in request) {
    return !(request.stream as { endAfterHeaders?: boolean }).endAfterHeaders;
  }
  const length = request.headers["content-length"];
  return request.headers["transfer-encoding"] !== undefined ||
    (length !== undefined && Number(length) > 0);
}

async function screenWhole(
  { options, codings, headers, trailers }: Screening,
  sent: Uint8Array,
): Promise<Outgoing> {
  let bytes = sent;
  const isPlain = codings.length === 0 && !isGzip(sent);
  if (isPlain) bytes = await cleanBytes(options, sent);
  else {
    const scan = new CodedBodyScan(options, codings.length === 0 ? ["gzip"] : codings);
    await scan.push(sent);
    await scan.end();
  }
  const clean = await screenTrailers(options.outbound, trailers(), options.subject);
  return {
    headers: bytes === sent ? headers : withLength(headers, bytes.length),
    body: { kind: "whole", bytes },
    trailers: () => clean,
    denial: () => undefined,
  };
}

/** Scans a body until nothing is found any more, with values replaced where the route says so. */
async function cleanBytes(options: BodyScanOptions, sent: Uint8Array): Promise<Uint8Array> {
  const { outbound, subject, scan, place } = options;
  const encoder = new TextEncoder();
  let bytes = sent;
  for (let round = 0; round < LIMITS.scanRounds; round++) {
    const findings = outbound.scanner.scan(bytes, scan);
    if (findings.length === 0) return bytes;
    const around = outbound.surroundings(bytes);
    const matches = findings.map((finding) => ({
      finding,
      place,
      around: () => around(finding),
    }));
    const canRewrite = options.canRewrite && findings.every(({ range }) => range !== undefined);
    const settled = await outbound.settle(subject, matches, canRewrite);
    if (settled === "redact") {
      bytes = replaceFindings(bytes, findings, (one) => encoder.encode(options.mark(one)));
    } else if (settled !== "again") throw new OutboundDenied(settled);
  }
  throw new OutboundDenied(outbound.refuse(subject, secretDenial(subject.host, [])));
}

function withLength(headers: readonly Header[], length: number): readonly Header[] {
  return headers.map((header) =>
    header[0].toLowerCase() === "content-length" ? [header[0], String(length)] : header
  );
}

async function screenStream(
  context: ProxyContext,
  { options, codings, headers, trailers }: Screening,
  read: {
    readonly body: Extract<Body, { kind: "stream" }>;
    readonly room: HeldRoom | undefined;
  },
): Promise<Outgoing> {
  const { body: { source, isLive = false }, room } = read;
  let clean: readonly Header[] = [];
  let chunks = 0;
  const body = new ScreenedBody({
    source,
    isLive,
    scan: codings.length === 0 ? new UncodedBodyScan(options) : new CodedBodyScan(options, codings),
    onEnd: async () => {
      clean = await screenTrailers(options.outbound, trailers(), options.subject);
    },
    onChunk: (bytes) => {
      context.memory.relayed(bytes);
      // More is asked for when hardly anything is left of what was read ahead.
      if (++chunks > 1) room?.release();
    },
  });
  await body.begun;
  // How long it will be is not known where values may still be replaced.
  const isFixed = options.subject.route.dlp.outboundOnMatch !== "redact";
  return {
    headers: isFixed
      ? headers
      : headers.filter(([name]) => name.toLowerCase() !== "content-length"),
    body: { kind: "stream", source: body },
    trailers: () => clean,
    denial: () => body.denial,
  };
}
