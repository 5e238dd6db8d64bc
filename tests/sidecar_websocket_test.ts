import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:https";
import type { Duplex } from "node:stream";
import { createBottleCa } from "../host/launch/ca.ts";
import { LeafMint } from "../sidecar/egress/leaves.ts";
import { writeFrame } from "../sidecar/egress/websocket/frame.ts";
import { headerOf } from "./sidecar/origin.ts";
import { curl, type RunningProxy, startProxy } from "./sidecar/proxy.ts";
import { Frames } from "./sidecar/websocket.ts";

const HOST = "ws.example.com";
const TOKEN = "tok-ws-SECRET";

/** A WebSocket origin that echoes messages, with its handshake's answer replaceable. */
async function withEcho(
  options: { readonly accept?: string; readonly status?: string },
  run: (proxy: RunningProxy, headers: () => readonly string[]) => Promise<void>,
): Promise<void> {
  const ca = await createBottleCa("origin");
  const leaf = await new LeafMint({ certPem: ca.certPem, keyPem: ca.keyPem.reveal() }).mint(HOST);
  const server = createServer(leaf);
  let headers: readonly string[] = [];
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => void sockets.add(socket));
  server.on("upgrade", (request, socket, head) => {
    headers = request.rawHeaders;
    const key = request.headers["sec-websocket-key"] ?? "";
    const accept = options.accept ??
      createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(
      `HTTP/1.1 ${options.status ?? "101 Switching Protocols"}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nContent-Length: 0\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const frames = new Frames({ isMasked: true });
    const echo = (chunk: Uint8Array): void => {
      frames.take(chunk);
      for (const { payload } of frames.pieces.splice(0)) {
        socket.write(writeFrame({ opcode: 1, isFinal: true }, payload, { isMasked: false }));
      }
    };
    if (head.length > 0) echo(head);
    socket.on("error", () => {}).on("data", echo).on("end", () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : 0;
  try {
    await using proxy = await startProxy({
      routes: `log: 2\nroutes:\n  - host: ${HOST}\n    auth_scheme: Bearer\n` +
        "    token_env: EGRESS_TOKEN_0\n    matches:\n      - paths: [{type: prefix, value: /ok}]\n",
      tokens: { EGRESS_TOKEN_0: TOKEN },
      upstreamCa: ca.certPem,
      extraHosts: [{ name: HOST, address: "127.0.0.1", port }],
    });
    await run(proxy, () => headers);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const HANDSHAKE = Object.freeze([
  ...["--http1.1", "-N", "-i", "-m", "2", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket"],
  ...["-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
]);

Deno.test("a WebSocket is joined once the upstream's answer is verified, with the credential", async () => {
  await withEcho({}, async (proxy, headers) => {
    const { out } = await curl(proxy, ...HANDSHAKE, `https://${HOST}/ok/chat`);
    assert.match(out, /HTTP\/1\.1 101 Switching Protocols/);
    assert.match(out, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    assert.equal(headerOf(headers(), "authorization"), `Bearer ${TOKEN}`);
    assert.equal(headerOf(headers(), "upgrade"), "websocket");
  });
});

Deno.test("messages pass both ways as they are", async () => {
  await withEcho({}, async (proxy) => {
    const client = new WebSocketStandIn(proxy);
    await client.open(`/ok`);
    assert.equal(await client.echo("first"), "first");
    assert.equal(await client.echo("x".repeat(60_000)), "x".repeat(60_000));
    client.close();
  });
});

Deno.test("a path on no rule is refused", async () => {
  await withEcho({}, async (proxy, headers) => {
    const other = await curl(proxy, ...HANDSHAKE, `https://${HOST}/other`);
    assert.match(other.out, /^HTTP\/1\.1 403 .*rule_not_matched/ms);
    assert.deepEqual(headers(), []);
  });
});

Deno.test("an upstream that answers the handshake wrongly is not joined", async () => {
  await withEcho({ accept: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" }, async (proxy) => {
    const { out } = await curl(proxy, ...HANDSHAKE, `https://${HOST}/ok`);
    assert.match(out, /^HTTP\/1\.1 502 /m);
  });
  await withEcho({ status: "401 Unauthorized" }, async (proxy) => {
    const { out } = await curl(proxy, ...HANDSHAKE, `https://${HOST}/ok`);
    assert.match(out, /^HTTP\/1\.1 401 /m);
  });
});

/** A client that upgrades inside a tunnel and then sends frames. */
class WebSocketStandIn {
  readonly #proxy: RunningProxy;
  #connection: Deno.TlsConn | undefined;

  constructor(proxy: RunningProxy) {
    this.#proxy = proxy;
  }

  async open(path: string): Promise<void> {
    const raw = await Deno.connect({ hostname: "127.0.0.1", port: this.#proxy.port });
    const encoder = new TextEncoder();
    await raw.write(encoder.encode(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`));
    await raw.read(new Uint8Array(1024));
    const caCerts = [await Deno.readTextFile(this.#proxy.caFile)];
    this.#connection = await Deno.startTls(raw, { hostname: HOST, caCerts });
    await this.#connection.write(encoder.encode(
      `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ));
    const answer = new Uint8Array(4096);
    const length = await this.#connection.read(answer) ?? 0;
    assert.match(new TextDecoder().decode(answer.subarray(0, length)), /^HTTP\/1\.1 101 /);
  }

  async echo(text: string): Promise<string> {
    const payload = new TextEncoder().encode(text);
    await this.#connection?.write(
      writeFrame({ opcode: 1, isFinal: true }, payload, { isMasked: true }),
    );
    const frames = new Frames({ isMasked: false });
    const buffer = new Uint8Array(65_536);
    while (frames.pieces.length === 0) {
      const length = await this.#connection?.read(buffer);
      if (length === null || length === undefined) break;
      frames.take(buffer.subarray(0, length));
    }
    return frames.text();
  }

  close(): void {
    this.#connection?.close();
  }
}
