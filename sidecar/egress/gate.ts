import { Buffer } from "node:buffer";
import type { EventEmitter } from "node:events";
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** The part of a socket's native handle that starts and stops reading. */
interface ReadHandle {
  readStart(): number;
  readStop(): number;
}

/**
 * Makes a pause of a TLS socket reach the TCP socket below it. In Deno 2.9.6 `TLSWrap.readStop()`
 * leaves the TCP handle reading, so a paused connection takes in all that the peer sends and
 * memory runs away. Both handles must be known, hence upstream connections are made on a TCP
 * socket of their own that is then handed to `tls.connect`.
 */
export function gateReads(tls: TLSSocket, raw: Socket): void {
  const upper = readHandle(tls);
  const lower = readHandle(raw);
  if (upper === undefined || lower === undefined) return;
  const start = upper.readStart.bind(upper);
  const stop = upper.readStop.bind(upper);
  upper.readStart = () => {
    lower.readStart();
    return start();
  };
  upper.readStop = () => {
    lower.readStop();
    return stop();
  };
}

/**
 * Makes text that is one byte for each character leave as those bytes. In Deno 2.9.6 a TLS socket
 * that writes several pieces at one time takes text among them for UTF-8, so that a byte above 0x7f
 * in a header arrives as two when a body goes with it: not what was scanned and matched.
 */
export function writeLatin1AsBytes(tls: TLSSocket): void {
  const write = tls.write.bind(tls) as (chunk: unknown, ...rest: unknown[]) => boolean;
  tls.write = ((chunk: unknown, ...rest: unknown[]) => {
    const [encoding, done] = rest;
    if (typeof chunk !== "string" || encoding !== "latin1") return write(chunk, ...rest);
    return write(Buffer.from(chunk, "latin1"), done);
  }) as typeof tls.write;
}

/** The TCP socket below a TLS socket that a `tls.Server` made of it. */
export function rawSocketOf(tls: TLSSocket): Socket | undefined {
  return (tls as unknown as { _parent?: Socket })._parent;
}

function readHandle(socket: Socket): ReadHandle | undefined {
  const handle = (socket as unknown as { _handle?: Partial<ReadHandle> | null })._handle;
  return typeof handle?.readStart === "function" && typeof handle.readStop === "function"
    ? handle as ReadHandle
    : undefined;
}

/**
 * Lets a server that never listened take connections by `emit("connection")`. In Deno 2.9.6 it
 * otherwise closes each connection after one response. Being told that it listens, it also starts
 * to look for connections whose headers do not come.
 */
export function markListening(server: EventEmitter): void {
  Object.defineProperty(server, "listening", { get: () => true });
  server.emit("listening");
}

/**
 * Keeps a request from being sent twice. In Deno 2.9.6 one on a kept connection is sent again, body
 * and all, whenever that connection ends without an answer: also when the upstream has served it,
 * and when it was the caller who ended it.
 */
export function sendOnce(request: ClientRequest): void {
  (request as ClientRequest & { _retrying?: boolean })._retrying = true;
}
