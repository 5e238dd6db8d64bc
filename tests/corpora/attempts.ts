import { Buffer } from "node:buffer";
import { type Channel, sendMessage, sendOn, type WireRequest } from "./clients.ts";
import { ENCODINGS } from "./encodings.ts";
import { compressed, type Sample } from "./matrix.ts";
import { corpusSecrets } from "./secrets.ts";
import { split, SPLITS } from "./splits.ts";
import { carry, type Surface, SURFACES } from "./surfaces.ts";
import { type CorpusArena, HOST, PLAIN_HOST, SOCKET_HOST } from "./upstream.ts";

/** One sample on one way to the proxy. */
export interface Attempt extends Sample {
  readonly channel: Channel;
}

/** What the client saw of it. */
export type Outcome = "refused" | "arrived" | "broken";

/** Surfaces that HTTP/2 carries in its own way; a WebSocket is opened over HTTP/1.1. */
const HTTP2_SURFACES: readonly Surface[] = SURFACES.filter((surface) =>
  !surface.startsWith("WebSocket") && surface !== "host"
);

function sample(surface: Surface, encodingName: string, size: Sample["split"]): Sample | undefined {
  const encoding = ENCODINGS.find(({ name }) => name === encodingName);
  const [secret, value] = Object.entries(corpusSecrets())[0] ?? [];
  if (encoding === undefined || secret === undefined || value === undefined) return undefined;
  if (surface === "host" && encoding.needsCase) return undefined;
  const [form = ""] = encoding.forms(value);
  const [written = form] = split(form, size);
  const carried = carry(surface, written);
  if (carried === undefined) return undefined;
  return { encoding, surface, split: size, secret, written, carried };
}

/** Covers each surface with two encodings, for each policy: on HTTP/1.1 and HTTP/2. */
export function bySurface(): readonly Attempt[] {
  const encodings = ["as it is", "base64"];
  return SURFACES.flatMap((surface, index) =>
    encodings.flatMap((encoding): Attempt[] => {
      const one = sample(surface, encoding, 0);
      if (one === undefined) return [];
      const first: Attempt = { ...one, channel: index % 2 === 0 ? "https" : "http" };
      return HTTP2_SURFACES.includes(surface) ? [first, { ...one, channel: "h2" }] : [first];
    })
  );
}

/** Covers each promised encoding on each surface, and pieces of each size on each surface. */
export function byEncoding(): readonly Attempt[] {
  const promised = ENCODINGS.filter(({ isPromised }) => isPromised).map(({ name }) => name);
  const wanted = SURFACES.flatMap((surface) => [
    ...promised.map((name) => sample(surface, name, 0)),
    ...SPLITS.map((size) => sample(surface, "as it is", size)),
  ]);
  const channels: readonly Channel[] = ["http", "https", "h2"];
  return wanted.filter((one) => one !== undefined).map((one, index): Attempt => {
    const channel = channels[index % channels.length] ?? "https";
    // The client's library has no way to send other trailers than ASCII ones over HTTP/2.
    const isOdd = one.surface === "trailer" && /[^\x20-\x7e]/.test(one.carried);
    return { ...one, channel: HTTP2_SURFACES.includes(one.surface) && !isOdd ? channel : "https" };
  });
}

const MIB = 1024 * 1024;
const FILLER = Buffer.from("All work and no play makes a long request. ");

/** What a client saw, and the part of the answer that tells what happened. */
export interface Attempted {
  readonly outcome: Outcome;
  readonly answer: string;
}

/** Sends a sample. An answer that does not come is an outcome, too: "broken". */
export async function attempt(arena: CorpusArena, one: Attempt): Promise<Attempted> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Attempted>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: "broken", answer: "none within 20 s" }), 20_000);
  });
  try {
    return await Promise.race([attemptOnce(arena, one), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function attemptOnce({ proxy }: CorpusArena, one: Attempt): Promise<Attempted> {
  if (one.surface === "WebSocket text" || one.surface === "WebSocket binary") {
    const bytes = Buffer.from(one.carried, "latin1");
    const parts = [bytes.subarray(0, 7), bytes.subarray(7, 60), bytes.subarray(60)];
    const opcode = one.surface === "WebSocket text" ? 1 : 2;
    const { closedWith } = await sendMessage(proxy, SOCKET_HOST, { opcode, parts });
    return { outcome: closedWith === 1008 ? "refused" : "arrived", answer: String(closedWith) };
  }
  const { status, body } = await sendOn(one.channel, proxy, requestOf(one));
  const outcome = status === 403 ? "refused" : status === 200 ? "arrived" : "broken";
  return { outcome, answer: `${status} ${body}` };
}

function requestOf({ surface, carried, channel }: Attempt): WireRequest {
  const whole = Buffer.from(carried, "latin1");
  const own: Partial<Record<Surface, Partial<WireRequest>>> = {
    "host": { host: carried },
    "path": { path: `/v1/${carried}` },
    "query": { path: `/v1/messages?beta=true&q=${carried}` },
    "header name": { headers: [[carried, "1"]] },
    "header value": { headers: [["x-note", carried]] },
    "trailer": { body: [FILLER], trailers: [["x-note", carried]] },
    "JSON": { headers: [["content-type", "application/json"]], body: [whole] },
    "form": { headers: [["content-type", "application/x-www-form-urlencoded"]], body: [whole] },
    "multipart": {
      headers: [["content-type", "multipart/form-data; boundary=limit"]],
      body: [whole.subarray(0, 40), whole.subarray(40)],
    },
    "streamed": { body: longBody(whole) },
  };
  const coded = surface === "gzip" || surface === "br" || surface === "zstd"
    ? { headers: [["content-encoding", surface] as const], body: [compressed(surface, whole)] }
    : {};
  return {
    host: channel === "http" ? PLAIN_HOST : HOST,
    path: "/v1/messages",
    headers: [],
    body: [],
    trailers: [],
    ...own[surface],
    ...coded,
  };
}

/** More than a mebibyte before the sample, so that the beginning is on its way; odd chunks. */
function longBody(sample: Uint8Array): Uint8Array[] {
  const filler = Buffer.alloc(MIB + MIB / 4, FILLER);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < filler.length; at += 65_521) chunks.push(filler.subarray(at, at + 65_521));
  for (let at = 0; at < sample.length; at += 11) chunks.push(sample.subarray(at, at + 11));
  return [...chunks, FILLER];
}
