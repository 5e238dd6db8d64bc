import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { answerQuery, DNS_QUERY_MAX, type Zone } from "../../policy/dns/message.ts";

/** Connections at one time, and how long one may stay silent, in milliseconds. */
const TCP = Object.freeze({ connections: 64, idleMs: 5_000 });

/** Where to listen, the same for both transports. */
export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Answers from the zone over UDP. Resolves once it listens. */
export function serveUdp(zone: Zone, address: ListenAddress): Promise<DatagramSocket> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const answer = answerQuery(query, zone);
    // A reply that cannot be sent (a forged source) is the asker's own loss.
    if (answer !== undefined) socket.send(answer, from.port, from.address, () => {});
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(address.port, address.hostname, () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

/** Answers from the zone over TCP (RFC 7766). Resolves once it listens. */
export function serveTcp(zone: Zone, address: ListenAddress): Promise<Server> {
  const server = createServer((socket) => serveConnection(socket, zone));
  server.maxConnections = TCP.connections;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address.hostname, port: address.port }, () => resolve(server));
  });
}

function serveConnection(socket: Socket, zone: Zone): void {
  let pending = new Uint8Array(0);
  socket.setTimeout(TCP.idleMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Uint8Array) => {
    pending = concat(pending, chunk);
    for (;;) {
      const [high, low] = pending;
      if (high === undefined || low === undefined) return;
      const length = high * 256 + low;
      if (length > DNS_QUERY_MAX) return void socket.destroy();
      if (pending.length < 2 + length) return;
      const answer = answerQuery(pending.slice(2, 2 + length), zone);
      pending = pending.slice(2 + length);
      if (answer === undefined) return void socket.destroy();
      // A client that asks without reading gets no more than the socket's own buffer.
      if (!socket.write(concat(Uint8Array.of(answer.length >> 8, answer.length & 255), answer))) {
        return void socket.destroy();
      }
    }
  });
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
