import assert from "node:assert/strict";
import { type Arena, assertAlive, HOST, PLAIN, startArena, troubleIn } from "./sidecar/arena.ts";
import { block, FLAG, FRAME, frame, PREFACE } from "./sidecar/frames.ts";
import { dialProxy, dialTunnel, type Wire } from "./sidecar/wire.ts";

/** What a client may take for a head or a handshake, and a little more for a busy machine. */
const LIMIT_MS = 15_000 + 2_500 + 4_000;

/** A client that never comes to the point, and the word that its end is logged with. */
interface Slow {
  readonly open: (arena: Arena) => Promise<Wire>;
  /** Said every half second, so that the connection never looks idle. */
  readonly drip: string | Uint8Array;
  readonly logged: RegExp;
}

const HEAD = `GET http://${PLAIN}/ HTTP/1.1\r\nHost: ${PLAIN}\r\n`;
const LATE_HEAD = /^bad_http: the head of the request did not come/;

function connected(arena: Arena, port: number): Wire {
  const wire = dialProxy(arena.proxy);
  const host = port === 80 ? PLAIN : HOST;
  wire.say(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
  return wire;
}

function inTunnel(arena: Arena, protocol: string): Promise<Wire> {
  return dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: [protocol] });
}

function saying(wire: Wire, ...first: readonly (string | Uint8Array)[]): Wire {
  for (const bytes of first) wire.say(bytes);
  return wire;
}

const SLOW: Readonly<Record<string, Slow>> = {
  "nothing at all": {
    open: (arena) => Promise.resolve(dialProxy(arena.proxy)),
    drip: "",
    logged: LATE_HEAD,
  },
  "a head, header by header": {
    open: (arena) => Promise.resolve(saying(dialProxy(arena.proxy), HEAD)),
    drip: "X: y\r\n",
    logged: LATE_HEAD,
  },
  "a second head, letter by letter": {
    open: async (arena) => {
      const wire = saying(dialProxy(arena.proxy), `${HEAD}\r\n`);
      await wire.settles(() => wire.text().endsWith("ok"));
      return saying(wire, HEAD);
    },
    drip: "y",
    logged: LATE_HEAD,
  },
  "a head inside a tunnel": {
    open: async (arena) => saying(await inTunnel(arena, "http/1.1"), "GET / HTTP/1.1\r\n"),
    drip: "X: y\r\n",
    logged: LATE_HEAD,
  },
  "nothing inside a tunnel": {
    open: (arena) => inTunnel(arena, "http/1.1"),
    drip: "",
    logged: LATE_HEAD,
  },
  "no handshake in a tunnel": {
    open: (arena) => Promise.resolve(connected(arena, 443)),
    drip: "",
    logged: /^bad_tls: the handshake was not done/,
  },
  "a handshake, byte by byte": {
    open: (arena) =>
      Promise.resolve(saying(connected(arena, 443), "\x16\x03\x01\x02\0\x01\0\x01\xfc")),
    drip: "\x03",
    logged: /^bad_tls: the handshake was not done/,
  },
  "nothing in a tunnel to port 80": {
    open: (arena) => Promise.resolve(connected(arena, 80)),
    drip: "",
    logged: /^bad_http: nothing was said/,
  },
  "no HTTP/2 preface": {
    open: (arena) => inTunnel(arena, "h2"),
    drip: "",
    logged: /^bad_http: no request/,
  },
  "HTTP/2 pings and no request": {
    open: async (arena) => saying(await inTunnel(arena, "h2"), PREFACE),
    drip: frame(FRAME.ping, 0, 0, new Uint8Array(8)),
    logged: /^bad_http: no request/,
  },
  "an HTTP/2 head without an end": {
    open: async (arena) =>
      saying(
        await inTunnel(arena, "h2"),
        PREFACE,
        frame(FRAME.headers, FLAG.end, 1, block([[":method", "GET"]])),
      ),
    drip: "",
    logged: /^bad_http: no request/,
  },
};

Deno.test("clients that never come to the point are left, all at one time", async (t) => {
  await using arena = await startArena();
  const started = Date.now();
  const all = await Promise.all(
    Object.entries(SLOW).map(async ([what, one]) => ({ what, one, wire: await one.open(arena) })),
  );
  const dripping = setInterval(() => {
    for (const { one, wire } of all) {
      if (one.drip.length > 0 && !wire.isClosed) wire.say(one.drip);
    }
  }, 500);
  await Promise.all(all.map(({ wire }) => wire.settles(() => false, LIMIT_MS)));
  clearInterval(dripping);
  const reasons = troubleIn(arena.proxy.logs).map(({ reason }) => String(reason));
  for (const { what, one, wire } of all) {
    await t.step(what, () => {
      assert.ok(wire.isClosed, `open after ${Date.now() - started} ms`);
      assert.ok(reasons.some((reason) => one.logged.test(reason)), reasons.join("\n"));
      wire.destroy();
    });
  }
  await assertAlive(arena, "plain");
  await assertAlive(arena, "tunnel");
});
