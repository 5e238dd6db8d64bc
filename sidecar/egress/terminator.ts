import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { canonicalHost } from "../../policy/egress/host.ts";
import { type Denial, excerpt, malformed } from "../../policy/egress/verdict.ts";
import { gateReads, rawSocketOf, writeLatin1AsBytes } from "./gate.ts";
import type { LeafMint } from "./leaves.ts";
import { LIMITS } from "./limits.ts";

/** A CONNECT that was allowed: where its requests go and what its TLS said. */
export interface Tunnel {
  /** Canonical. */
  readonly host: string;
  readonly port: number;
  /** Name that the client asked for in its handshake; absent when it named none. */
  sni?: string;
}

interface HostServer {
  readonly server: Server;
  readonly expires: number;
}

/**
 * Finishes the TLS handshake of a tunnel as the host that it names. Each host has a TLS server of
 * its own, which never listens and is handed connections; hosts used longest ago are forgotten.
 */
export class Terminator {
  readonly #mint: () => LeafMint;
  readonly #onSession: (socket: TLSSocket, tunnel: Tunnel) => void;
  readonly #onDenial: (denial: Denial) => void;
  readonly #servers = new Map<string, Promise<HostServer>>();
  readonly #tunnels = new WeakMap<
    Socket,
    { tunnel: Tunnel; timer: ReturnType<typeof setTimeout> }
  >();

  constructor(options: {
    readonly mint: () => LeafMint;
    readonly onSession: (socket: TLSSocket, tunnel: Tunnel) => void;
    /** Told why a handshake came to nothing. */
    readonly onDenial: (denial: Denial) => void;
  }) {
    this.#mint = options.mint;
    this.#onSession = options.onSession;
    this.#onDenial = options.onDenial;
  }

  /** The leaf and server for a host; awaited before a CONNECT is answered. */
  async prepare(host: string): Promise<Server> {
    const known = this.#servers.get(host);
    if (known !== undefined) {
      const entry = await known;
      if (entry.expires > Date.now()) {
        this.#remember(host, known);
        return entry.server;
      }
    }
    const made = this.#makeServer(host);
    this.#remember(host, made);
    made.catch(() => this.#servers.delete(host));
    return (await made).server;
  }

  /** Starts the handshake on the connection of an answered CONNECT. */
  accept(server: Server, raw: Socket, tunnel: Tunnel): void {
    const timer = setTimeout(() => {
      const message = `the handshake was not done within ${LIMITS.handshakeMs} ms`;
      this.#onDenial(malformed("bad_tls", message, tunnel.host));
      raw.destroy();
    }, LIMITS.handshakeMs);
    raw.once("close", () => clearTimeout(timer));
    this.#tunnels.set(raw, { tunnel, timer });
    server.emit("connection", raw);
  }

  #remember(host: string, entry: Promise<HostServer>): void {
    this.#servers.delete(host);
    this.#servers.set(host, entry);
    for (const oldest of this.#servers.keys()) {
      if (this.#servers.size <= LIMITS.leaves) break;
      this.#servers.delete(oldest);
    }
  }

  async #makeServer(host: string): Promise<HostServer> {
    const leaf = await this.#mint().mint(host);
    const server = createServer({
      cert: leaf.cert,
      key: leaf.key,
      ALPNProtocols: ["h2", "http/1.1"],
      minVersion: "TLSv1.2",
      SNICallback: (name, done) => done(namesHost(name, host) ? null : new OtherName(name)),
    });
    server.on("secureConnection", (socket) => this.#secured(socket));
    server.on("tlsClientError", (error, socket) => {
      this.#onDenial(handshakeDenial(error, host));
      socket.destroy();
    });
    return { server, expires: Date.now() + LIMITS.leafReuseMs };
  }

  #secured(socket: TLSSocket): void {
    const raw = rawSocketOf(socket);
    const entry = raw === undefined ? undefined : this.#tunnels.get(raw);
    if (raw === undefined || entry === undefined) return void socket.destroy();
    clearTimeout(entry.timer);
    gateReads(socket, raw);
    writeLatin1AsBytes(socket);
    socket.on("error", () => socket.destroy());
    const sni = (socket as { servername?: string | null }).servername;
    if (sni) entry.tunnel.sni = sni;
    this.#onSession(socket, entry.tunnel);
  }
}

/** The handshake asks for another host than the tunnel goes to. */
class OtherName extends Error {}

function handshakeDenial(error: Error, host: string): Denial {
  if (error instanceof OtherName) {
    const name = excerpt(error.message);
    const message = `TLS server name ${name} is not where the connection goes (${host})`;
    return malformed("host_mismatch", message, host);
  }
  const code = (error as { code?: unknown }).code;
  const message = `the TLS handshake failed${typeof code === "string" ? ` (${code})` : ""}`;
  return malformed("bad_tls", message, host);
}

/** A client that names no host (an IP literal has no name to send) gets the tunnel's. */
function namesHost(name: string, host: string): boolean {
  if (name === "") return true;
  const canonical = canonicalHost(name);
  return canonical.ok && canonical.host === host;
}
