import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { checkAddresses } from "../../policy/egress/address.ts";
import type { Route } from "../../policy/egress/route.ts";
import { gateReads, writeLatin1AsBytes } from "./gate.ts";
import { LIMITS } from "./limits.ts";
import type { HostTable } from "./resolver.ts";

/** An upstream as a decided request names it. */
export interface Origin {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly route: Route;
}

/** Why an upstream was not reached. */
export class DialError extends Error {
  override readonly name = "DialError";
  /** 403 when a rule forbids it, 502 or 504 when it failed. */
  readonly status: 403 | 502 | 504;
  /** Machine word. */
  readonly reason: string;

  constructor(status: 403 | 502 | 504, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Connects to upstreams: finds all addresses, checks each, and dials only what it checked. */
export class Dialer {
  readonly #hosts: HostTable;

  constructor(hosts: HostTable) {
    this.#hosts = hosts;
  }

  /** Opens a TCP connection to a checked address. Rejects with {@linkcode DialError}. */
  async connect(origin: Origin): Promise<Socket> {
    const { addresses, port } = await this.#locate(origin);
    let failure = new DialError(502, "upstream_unreachable", `${origin.host} has no address`);
    for (const address of addresses.slice(0, LIMITS.addresses)) {
      try {
        return await connectTo(address, port);
      } catch (error) {
        failure = connectFailure(origin, error);
      }
    }
    throw failure;
  }

  /**
   * Opens a TLS connection whose certificate is verified for the origin's host, with the first of
   * the protocols that the upstream knows. Rejects with {@linkcode DialError}.
   */
  async connectTls(origin: Origin, protocols: readonly string[]): Promise<TLSSocket> {
    const raw = await this.connect(origin);
    const tls = connectTls({
      socket: raw,
      host: origin.host,
      servername: isIP(origin.host) === 0 ? origin.host : "",
      ALPNProtocols: [...protocols],
      rejectUnauthorized: true,
    });
    gateReads(tls, raw);
    writeLatin1AsBytes(tls);
    try {
      await opened(tls, "secureConnect", LIMITS.upstreamHandshakeMs);
    } catch (error) {
      raw.destroy();
      throw handshakeFailure(origin, error);
    }
    return tls;
  }

  async #locate(origin: Origin): Promise<{ addresses: readonly string[]; port: number }> {
    const isAddress = isIP(origin.host) !== 0;
    const location = await this.#hosts.locate(origin.host, { port: origin.port, isAddress })
      .catch((error: unknown) => {
        const message = `${origin.host} does not resolve: ${messageOf(error)}`;
        throw new DialError(502, "upstream_unresolved", message);
      });
    if (location.pinned) return location;
    const verdict = checkAddresses(origin.route, location.addresses);
    if (verdict.ok) return location;
    const status = verdict.reason === "no_address" ? 502 : 403;
    throw new DialError(status, verdict.reason, verdict.message);
  }
}

async function connectTo(address: string, port: number): Promise<Socket> {
  const socket = connectTcp({ host: address, port });
  socket.setNoDelay(true);
  await opened(socket, "connect", LIMITS.connectMs);
  return socket;
}

/** Waits for a socket's first event, then leaves it with no listener of ours. */
function opened(socket: Socket, event: string, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      socket.off(event, onOpen).off("error", settle).off("close", onClose);
      if (error === undefined) return resolve();
      // What else a dying socket has to say must not end the process.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onOpen = (): void => settle();
    const onClose = (): void => settle(new Error("the connection was closed"));
    const timer = setTimeout(() => settle(new Error(`no answer within ${limitMs} ms`)), limitMs);
    socket.once(event, onOpen).once("error", settle).once("close", onClose);
  });
}

function connectFailure(origin: Origin, error: unknown): DialError {
  if (error instanceof Error && error.name === "NotCapable") {
    const message = `${origin.host} is at an address that the sidecar never dials`;
    return new DialError(403, "address_not_allowed", message);
  }
  const message = `${origin.host} port ${origin.port} is not reachable: ${messageOf(error)}`;
  return new DialError(502, "upstream_unreachable", message);
}

function handshakeFailure(origin: Origin, error: unknown): DialError {
  const message = `no trusted TLS connection to ${origin.host}: ${messageOf(error)}`;
  return new DialError(502, "upstream_untrusted", message);
}

/** One line for people; runtime errors never hold what a request carried. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
