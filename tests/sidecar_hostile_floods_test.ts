import assert from "node:assert/strict";
import { type Arena, assertAlive, fill, HOST, startArena, troubleThat } from "./sidecar/arena.ts";
import { block, type Field, FLAG, FRAME, frame, framesIn, PREFACE } from "./sidecar/frames.ts";
import { until } from "./sidecar/proxy.ts";
import { dialProxy, dialTunnel, type Wire } from "./sidecar/wire.ts";

const MIB = 1024 * 1024;
/** What a flood may add to the proxy's memory for good. */
const GROWTH = 96 * MIB;

async function residentBytes({ proxy }: Arena): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${proxy.pid}/status`).catch((cause) => {
    throw new Error(`the proxy is gone:\n${proxy.logs.slice(-5).join("\n")}`, { cause });
  });
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Infinity) * 1024;
}

const GET: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/first"],
  [":authority", HOST],
];

/** Bytes of one round of a flood; rounds go on until the connection is ended. */
interface Flood {
  readonly first?: readonly Uint8Array[];
  readonly round: (round: number) => readonly Uint8Array[];
  /** What the log says of its end. */
  readonly logged: RegExp;
}

/** Floods a new connection until it is ended; a bound on bytes makes an endless one a failure. */
async function flood(arena: Arena, one: Flood): Promise<void> {
  const from = arena.proxy.logs.length;
  const before = await residentBytes(arena);
  const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: ["h2"] });
  wire.say(PREFACE);
  for (const bytes of one.first ?? []) wire.say(bytes);
  let sent = 0;
  for (let round = 0; !wire.isClosed && sent < 256 * MIB; round++) {
    const bytes = Buffer.concat(one.round(round));
    sent += bytes.length;
    wire.say(bytes);
    if (wire.socket.writableLength > MIB) {
      await wire.settles(() => wire.socket.writableLength < MIB);
    } else await wire.settles(() => false, 0);
    if (round > 20_000) break;
  }
  assert.ok(wire.isClosed, `${sent} bytes did not end the connection`);
  await troubleThat(arena, from, one.logged);
  const grown = await residentBytes(arena) - before;
  assert.ok(grown < GROWTH, `grew by ${grown} bytes`);
  wire.destroy();
  await assertAlive(arena, "tunnel");
}

const BROKEN = /^bad_http: /;
const OPEN_HEAD = frame(FRAME.headers, 0, 1, block(GET));

/** One long header, indexed, and then named by one byte as often as a frame takes it. */
function hpackBomb(stream: number): Uint8Array {
  const value = "a".repeat(4_000);
  const fields = block(GET);
  const indexed = Buffer.from(block([["x-bomb", value]]));
  indexed[0] = 0x40;
  const bomb = Buffer.alloc(16_384 - fields.length - indexed.length, 0x80 | 62);
  return frame(
    FRAME.headers,
    FLAG.head | FLAG.end,
    stream,
    Buffer.concat([fields, indexed, bomb]),
  );
}

const FLOODS: Readonly<Record<string, Flood>> = {
  "PING": {
    round: () => Array.from({ length: 100 }, () => frame(FRAME.ping, 0, 0, new Uint8Array(8))),
    logged: /^bad_http: /,
  },
  "SETTINGS": {
    round: () => Array.from({ length: 100 }, () => frame(FRAME.settings, 0, 0)),
    logged: /^bad_http: /,
  },
  "CONTINUATION": {
    first: [OPEN_HEAD],
    round: () => [frame(FRAME.continuation, 0, 1, block([["x", "a".repeat(16_000)]]))],
    logged: BROKEN,
  },
  "CONTINUATION without a byte in it": {
    first: [OPEN_HEAD],
    round: () => Array.from({ length: 100 }, () => frame(FRAME.continuation, 0, 1)),
    logged: BROKEN,
  },
  "frames that are too large": {
    round: () => [frame(FRAME.data, 0, 1, new Uint8Array(MIB))],
    logged: BROKEN,
  },
  "window updates that overflow": {
    round: () => [frame(FRAME.window, 0, 0, Uint8Array.of(0x7f, 0xff, 0xff, 0xff))],
    logged: BROKEN,
  },
  "data on no stream": {
    round: () => [frame(FRAME.data, 0, 1, new Uint8Array(16))],
    logged: BROKEN,
  },
  "pushes": {
    round: () => [frame(5, FLAG.head, 1, Uint8Array.of(0, 0, 0, 2, 0x82))],
    logged: BROKEN,
  },
};

Deno.test("a flood of HTTP/2 frames ends its connection and costs little", async (t) => {
  await using arena = await startArena();
  for (const [what, one] of Object.entries(FLOODS)) {
    await t.step(what, () => flood(arena, one));
  }
});

/** SETTINGS_INITIAL_WINDOW_SIZE of zero: nothing may be sent on any stream. */
const NO_WINDOW = frame(FRAME.settings, 0, 0, Uint8Array.of(0, 4, 0, 0, 0, 0));

Deno.test("a client that takes nothing of many large responses costs little", async () => {
  await using arena = await startArena();
  let sent = 0;
  arena.secure.script = (arrival) => {
    const chunk = Buffer.alloc(64 * 1024, 120);
    arrival.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    const more = (): void => {
      while (arrival.isOpen && arrival.socket.write(chunk)) sent += chunk.length;
    };
    arrival.socket.on("drain", more);
    more();
  };
  const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: ["h2"] });
  wire.say(PREFACE);
  wire.say(NO_WINDOW);
  for (let stream = 1; stream < 60; stream += 2) {
    wire.say(frame(FRAME.headers, FLAG.head | FLAG.end, stream, block(GET)));
  }
  await until(() => arena.secure.open() === 30);
  await wire.settles(() => false, 500);
  const before = sent;
  await wire.settles(() => false, 500);
  assert.equal(sent, before, "the upstreams are read on with nobody to read them");
  assert.ok(await residentBytes(arena) < 350 * MIB);
  wire.destroy();
  await until(() => arena.secure.open() === 0);
  await assertAlive(arena, "tunnel");
});

Deno.test("header blocks that unpack to 50 MB each are dropped and cost little", async () => {
  await using arena = await startArena();
  const before = await residentBytes(arena);
  const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: ["h2"] });
  wire.say(PREFACE);
  for (let index = 0; index < 50; index++) wire.say(hpackBomb(2 * index + 1));
  await wire.settles(() => resetsIn(wire).length >= 50);
  // ENHANCE_YOUR_CALM
  assert.deepEqual(resetsIn(wire), Array.from({ length: 50 }, () => 11));
  const grown = await residentBytes(arena) - before;
  assert.ok(grown < GROWTH, `grew by ${grown} bytes`);
  assert.equal(arena.secure.text(), "");
  wire.destroy();
  await assertAlive(arena, "tunnel");
});

/** Error codes of the streams that were reset. */
function resetsIn(wire: Wire): number[] {
  return framesIn(Buffer.concat(wire.received)).filter(({ type }) => type === FRAME.reset)
    .map(({ payload }) => payload[3] ?? 0);
}

/** Every request that was let in has come to its end, one way or another. */
function areAllEnded(logs: readonly string[]): boolean {
  const count = (fits: RegExp): number => logs.filter((line) => fits.test(line)).length;
  return count(/"egress_request"/) === count(/"egress_response"|"aborted: /);
}

for (const acknowledged of [false, true]) {
  const what = acknowledged ? "end a connection that knows the limit" : "are refused";

  Deno.test(`more streams than allowed ${what}`, async () => {
    await using arena = await startArena();
    arena.secure.script = () => {};
    const from = arena.proxy.logs.length;
    const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: ["h2"] });
    wire.say(PREFACE);
    await wire.settles(() => framesIn(Buffer.concat(wire.received)).length > 0);
    if (acknowledged) wire.say(frame(FRAME.settings, 1, 0));
    for (let stream = 1; stream < 400; stream += 2) {
      wire.say(frame(FRAME.headers, FLAG.head | FLAG.end, stream, block(GET)));
    }
    await wire.settles(() => resetsIn(wire).length >= 72);
    assert.equal(wire.isClosed, acknowledged);
    if (acknowledged) await troubleThat(arena, from, /^bad_http: /);
    else {
      // REFUSED_STREAM
      assert.deepEqual(resetsIn(wire), Array.from({ length: 72 }, () => 7));
      // What is allowed goes its way.
      await until(() => arena.secure.requestLines().length >= 128);
    }
    assert.ok(arena.secure.open() <= 128);
    wire.destroy();
    // Also what was on its way to a connection, which would otherwise still be seen below.
    await until(() => areAllEnded(arena.proxy.logs.slice(from)));
    await until(() => arena.secure.open() === 0);
    await assertAlive(arena, "tunnel");
  });
}

for (const channel of ["plain", "tunnel"] as const) {
  Deno.test(`a body in 100,000 chunks of one byte arrives and costs little (${channel})`, async () => {
    await using arena = await startArena();
    const before = await residentBytes(arena);
    const wire = await arena.dial(channel);
    const head = "POST {T}/first HTTP/1.1\r\nHost: {H}\r\nTransfer-Encoding: chunked\r\n\r\n";
    wire.say(fill(head, channel) + "1\r\nx\r\n".repeat(100_000) + "0\r\n\r\n");
    await wire.settles(() => wire.statuses().length > 0, 20_000);
    assert.deepEqual(wire.statuses(), [200]);
    assert.equal(arena.upstream(channel).text().match(/x/g)?.length, 100_001);
    const grown = await residentBytes(arena) - before;
    assert.ok(grown < GROWTH, `grew by ${grown} bytes`);
    wire.destroy();
    await assertAlive(arena, channel);
  });
}

Deno.test("more connections than allowed leave room once they are gone", async () => {
  await using arena = await startArena();
  const wires: Wire[] = [];
  for (let count = 0; count < 1_100; count++) {
    wires.push(dialProxy(arena.proxy));
    if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => wires.filter((wire) => wire.isClosed).length >= 76);
  for (const wire of wires) wire.destroy();
  await new Promise((resolve) => setTimeout(resolve, 200));
  await assertAlive(arena, "plain");
});
