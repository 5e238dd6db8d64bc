import { createServer as createTcp, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import { createBottleCa } from "../../host/launch/ca.ts";
import { LeafMint } from "../../sidecar/egress/leaves.ts";

/** One connection to a raw upstream, and every byte that came on it, as latin1. */
export interface Arrival {
  readonly socket: Socket;
  text: string;
  isOpen: boolean;
}

/** Decides what to say after each piece that arrives. */
export type Script = (arrival: Arrival) => void;

/** An upstream that parses nothing by itself: it keeps the bytes and does what its script says. */
export interface RawUpstream extends AsyncDisposable {
  readonly port: number;
  /** PEM of the authority behind its certificate; empty without TLS. */
  readonly caPem: string;
  readonly arrivals: Arrival[];
  /** Replaceable at any time; {@linkcode answerEach} unless told otherwise. */
  script: Script;
  /** All that arrived since the last call of `forget`, connection by connection. */
  text(): string;
  /** First lines of the requests that a strict reader finds in it. */
  requestLines(): string[];
  /** Connections that are open now. */
  open(): number;
  forget(): void;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** One message of HTTP/1.1 and what follows it. */
interface Message {
  readonly head: string;
  readonly body: string;
  readonly rest: string;
}

/** Where a chunked body and its trailers end. */
function endOfChunks(text: string): number | undefined {
  for (let at = 0;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 20));
    if (size === null) return undefined;
    const [line, digits = ""] = size;
    const length = parseInt(digits, 16);
    at += line.length;
    if (length === 0) {
      const end = text.startsWith("\r\n", at) ? at : text.indexOf("\r\n\r\n", at) + 2;
      return end < at || text.length < end + 2 ? undefined : end + 2;
    }
    at += length + 2;
    if (text.length < at) return undefined;
  }
}

/** Cuts the first message off, or gives undefined while it is not whole. */
export function cutMessage(text: string): Message | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const after = text.slice(end + 4);
  if (/^transfer-encoding:[ \t]*chunked[ \t]*$/im.test(head)) {
    const cut = endOfChunks(after);
    if (cut === undefined) return undefined;
    return { head, body: after.slice(0, cut), rest: after.slice(cut) };
  }
  const length = Number(/^content-length:[ \t]*([0-9]+)[ \t]*$/im.exec(head)?.[1] ?? 0);
  if (after.length < length) return undefined;
  return { head, body: after.slice(0, length), rest: after.slice(length) };
}

/** Answers every whole request with 200, once. */
export function answerEach(answer = OK): Script {
  const seen = new WeakMap<Arrival, number>();
  return (arrival) => {
    for (;;) {
      const from = seen.get(arrival) ?? 0;
      const message = cutMessage(arrival.text.slice(from));
      if (message === undefined) return;
      seen.set(arrival, arrival.text.length - message.rest.length);
      arrival.socket.write(answer, "latin1");
    }
  };
}

function linesOf(text: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest !== "") {
    lines.push(rest.split("\r\n", 1)[0] ?? "");
    const message = cutMessage(rest);
    if (message === undefined) break;
    rest = message.rest;
  }
  return lines;
}

/**
 * Listens on loopback: with TLS and one protocol (HTTP/1.1 unless told otherwise) for a named host,
 * in the clear without.
 */
export async function startRawUpstream(
  host?: string,
  protocol = "http/1.1",
): Promise<RawUpstream> {
  const arrivals: Arrival[] = [];
  const accept = (socket: Socket): void => {
    const arrival: Arrival = { socket, text: "", isOpen: true };
    arrivals.push(arrival);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => void (arrival.isOpen = false));
    socket.on("data", (chunk: Uint8Array) => {
      arrival.text += Buffer.from(chunk).toString("latin1");
      upstream.script(arrival);
    });
  };
  const { server, caPem } = host === undefined
    ? { server: createTcp(accept), caPem: "" }
    : await secureServer(host, protocol, accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const upstream: RawUpstream = {
    port: address !== null && typeof address === "object" ? address.port : 0,
    caPem,
    arrivals,
    script: answerEach(),
    text: () => arrivals.map((arrival) => arrival.text).join(""),
    requestLines: () => arrivals.flatMap((arrival) => linesOf(arrival.text)),
    open: () => arrivals.filter((arrival) => arrival.isOpen).length,
    forget: () => {
      upstream.script = answerEach();
      for (const { socket } of arrivals.splice(0)) socket.destroy();
    },
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const { socket } of arrivals) socket.destroy();
      }),
  };
  return upstream;
}

async function secureServer(
  host: string,
  protocol: string,
  accept: (socket: Socket) => void,
): Promise<{ server: Server; caPem: string }> {
  const ca = await createBottleCa("raw");
  const mint = new LeafMint({ certPem: ca.certPem, keyPem: ca.keyPem.reveal() });
  const { cert, key } = await mint.mint(host);
  const server = createTls({ cert, key, ALPNProtocols: [protocol] }, accept);
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return { server, caPem: ca.certPem };
}
