import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RunningProxy } from "./proxy.ts";

/** A connection on which bytes are said as they are; everything that comes back is kept. */
export class Wire {
  readonly socket: Socket;
  readonly received: Uint8Array[] = [];
  /** The other side ended or broke the connection. */
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Uint8Array) => void this.received.push(chunk));
    socket.on("error", () => void (this.isClosed = true));
    socket.once("end", () => void (this.isClosed = true));
    socket.once("close", () => void (this.isClosed = true));
  }

  /** Takes text as latin1: each character is one byte. */
  say(bytes: string | Uint8Array): void {
    if (typeof bytes === "string") this.socket.write(bytes, "latin1");
    else this.socket.write(bytes);
  }

  text(): string {
    return Buffer.concat(this.received).toString("latin1");
  }

  /** Status codes of the HTTP/1.1 responses so far. */
  statuses(): number[] {
    return [...this.text().matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)].map(([, code]) => Number(code));
  }

  /** Waits until the condition holds or the connection is over; tells which it was. */
  async settles(holds: () => boolean, limitMs = 3_000): Promise<"holds" | "closed" | "late"> {
    const end = Date.now() + limitMs;
    for (;;) {
      if (holds()) return "holds";
      if (this.isClosed) return "closed";
      if (Date.now() > end) return "late";
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A connection to the port that the bottle talks to. */
export function dialProxy(proxy: RunningProxy): Wire {
  return new Wire(connectTcp({ port: proxy.port, host: "127.0.0.1", noDelay: true }));
}

/** What a tunnel is opened with. */
export interface TunnelOptions {
  /** CONNECT target. */
  readonly target: string;
  /** Server name of the handshake; none is sent when it is empty. */
  readonly sni?: string;
  readonly alpn?: readonly string[];
}

/** Opens a tunnel and finishes TLS in it; rejects when either is refused. */
export async function dialTunnel(proxy: RunningProxy, options: TunnelOptions): Promise<Wire> {
  const { target, sni = target.split(":")[0] ?? "", alpn = ["http/1.1"] } = options;
  const raw = connectTcp({ port: proxy.port, host: "127.0.0.1", noDelay: true });
  raw.on("error", () => raw.destroy());
  raw.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const said = await new Promise<string>((resolve) => {
    raw.once("data", (chunk: Uint8Array) => resolve(Buffer.from(chunk).toString("latin1")));
    raw.once("close", () => resolve(""));
  });
  if (!said.startsWith("HTTP/1.1 200 ")) {
    raw.destroy();
    throw new Error(`Cannot open the tunnel: ${said.split("\r\n", 1)[0]}`);
  }
  const tls = connectTls({
    socket: raw,
    servername: sni,
    ca: Deno.readTextFileSync(proxy.caFile),
    // The name is the proxy's to judge here.
    checkServerIdentity: () => undefined,
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
  });
  return await new Promise((resolve, reject) => {
    tls.once("secureConnect", () => resolve(new Wire(tls)));
    tls.once("error", reject);
    tls.once("close", () => reject(new Error("Cannot open the tunnel: the handshake ended")));
  });
}
