import assert from "node:assert/strict";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { connect as connectTcp } from "node:net";
import { type Handler, type Origin, startOrigin } from "./sidecar/origin.ts";
import { curl, rawExchange, type RunningProxy, startProxy, until } from "./sidecar/proxy.ts";

const HOST = "api.example.com";
const PLAIN = "plain.example.com";

async function withProxy(
  run: (proxy: RunningProxy, origin: Origin, plain: Origin) => Promise<void>,
  handler?: Handler,
): Promise<void> {
  await using origin = await startOrigin([HOST], handler === undefined ? {} : { handler });
  await using plain = await startOrigin([]);
  await using proxy = await startProxy({
    routes: `log: 2\nroutes:\n  - host: ${HOST}\n  - host: ${PLAIN}\n`,
    upstreamCa: origin.caPem,
    extraHosts: [
      { name: HOST, address: "127.0.0.1", port: origin.port },
      { name: PLAIN, address: "127.0.0.1", port: plain.port },
    ],
  });
  await run(proxy, origin, plain);
}

/** A TLS connection to the host through a tunnel, speaking the given protocol. */
function tunnel(proxy: RunningProxy, protocol: string): Promise<TLSSocket> {
  const raw = connectTcp(proxy.port, "127.0.0.1");
  raw.write(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`);
  return new Promise((resolve, reject) => {
    raw.once("error", reject);
    raw.once("data", () => {
      const ca = Deno.readTextFileSync(proxy.caFile);
      const tls = connectTls({ socket: raw, servername: HOST, ca, ALPNProtocols: [protocol] });
      tls.once("secureConnect", () => resolve(tls));
      tls.once("error", reject);
    });
  });
}

Deno.test("plain-text requests that are no proxy requests are refused", async () => {
  await withProxy(async (proxy) => {
    for (const target of ["/", "//evil.example.com/", "ftp://plain.example.com/", "*"]) {
      const text = `GET ${target} HTTP/1.1\r\nHost: ${PLAIN}\r\nConnection: close\r\n\r\n`;
      assert.match(await rawExchange(proxy.port, text), /^HTTP\/1\.1 400 /, target);
    }
    const mismatch = `GET http://${PLAIN}/ HTTP/1.1\r\nHost: evil.example.com\r\n` +
      "Connection: close\r\n\r\n";
    assert.match(await rawExchange(proxy.port, mismatch), /^HTTP\/1\.1 400 /);
    assert.match(await rawExchange(proxy.port, "\x16\x03\x01garbage\r\n\r\n"), /^HTTP\/1\.1 400 /);
  });
});

Deno.test("hop-by-hop headers and proxy credentials stay with the proxy", async () => {
  await withProxy(async (proxy, _origin, plain) => {
    await curl(
      proxy,
      ...["-H", "Connection: X-Private, close", "-H", "X-Private: 1", "-H", "TE: gzip"],
      ...["-H", "Proxy-Authorization: Basic eDp5", "-H", "Authorization: Bearer mine"],
      `http://${PLAIN}/`,
    );
    const names = plain.seen[0]?.headers.filter((_, index) => index % 2 === 0)
      .map((name) => name.toLowerCase()) ?? [];
    for (const name of ["x-private", "te", "proxy-authorization", "authorization"]) {
      assert.ok(!names.includes(name), name);
    }
  });
});

/** One HTTP/2 frame (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload: readonly number[]): number[] {
  const { length } = payload;
  const head = [length >> 16, length >> 8, length, type, flags];
  return [...head, stream >> 24, stream >> 16, stream >> 8, stream, ...payload].map((one) =>
    one & 255
  );
}

/** GET / of the host in HPACK, of entries of the static table and one literal. */
const GET_ROOT = [0x82, 0x87, 0x84, 0x01, HOST.length, ...new TextEncoder().encode(HOST)];
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const CANCEL = [0, 0, 0, 8];

const FLOOD_LIMIT_MS = 60_000;

for (const [what, pause] of [["with the same packet", 0], ["a little later", 10]] as const) {
  Deno.test(`a flood of HTTP/2 requests abandoned ${what} ends that connection alone`, async () => {
    const handler: Handler = (request, response) =>
      void (request.url === "/quick" && response.end());
    await withProxy(async (proxy) => {
      const socket = await tunnel(proxy, "h2");
      let isClosed = false;
      socket.on("error", () => {}).on("data", () => {}).once("close", () => void (isClosed = true));
      socket.write(new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
      socket.write(Uint8Array.from(frame(SETTINGS, 0, 0, [])));
      // A flood has no end of its own: on a busy machine it takes more of it until it is noticed.
      const end = Date.now() + FLOOD_LIMIT_MS;
      for (let stream = 1; !isClosed && Date.now() < end; stream += 2) {
        const opening = frame(HEADERS, 5, stream, GET_ROOT);
        const reset = frame(RST_STREAM, 0, stream, CANCEL);
        socket.write(Uint8Array.from(pause === 0 ? [...opening, ...reset] : opening));
        if (stream % 41 === 1) await new Promise((resolve) => setTimeout(resolve, pause));
        if (pause > 0) socket.write(Uint8Array.from(reset));
      }
      await until(() => isClosed);
      assert.equal((await curl(proxy, `https://${HOST}/quick`)).code, 0);
    }, handler);
  });
}
