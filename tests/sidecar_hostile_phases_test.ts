import assert from "node:assert/strict";
import {
  type Arena,
  assertAlive,
  type Channel,
  fill,
  HOST,
  startArena,
  troubleThat,
} from "./sidecar/arena.ts";
import { block, FLAG, FRAME, frame, PREFACE } from "./sidecar/frames.ts";
import { until } from "./sidecar/proxy.ts";
import type { Wire } from "./sidecar/wire.ts";
import { dialTunnel } from "./sidecar/wire.ts";

const CHANNELS = ["plain", "tunnel"] as const;
const LARGE = 3 * 1024 * 1024;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Runs a scenario on both channels against one proxy, and checks that it lives on. */
function onBoth(
  name: string,
  scenario: (arena: Arena, channel: Channel, wire: Wire) => Promise<void>,
): void {
  Deno.test(name, async (t) => {
    await using arena = await startArena();
    for (const channel of CHANNELS) {
      await t.step(channel, async () => {
        arena.upstream(channel).forget();
        const wire = await arena.dial(channel);
        await scenario(arena, channel, wire);
        wire.destroy();
        await assertAlive(arena, channel);
      });
    }
  });
}

function post(channel: Channel, lines: string): string {
  return fill(`POST {T}/first HTTP/1.1\r\nHost: {H}\r\n${lines}\r\n\r\n`, channel);
}

function get(channel: Channel, path: string, lines = ""): string {
  return fill(`GET {T}${path} HTTP/1.1\r\nHost: {H}\r\n${lines}\r\n`, channel);
}

onBoth(
  "100-continue is answered at once, and the upstream hears nothing of it",
  async (arena, channel, wire) => {
    const upstream = arena.upstream(channel);
    wire.say(post(channel, "Expect: 100-continue\r\nContent-Length: 5"));
    await wire.settles(() => wire.statuses().length === 1);
    assert.deepEqual(wire.statuses(), [100]);
    assert.equal(upstream.text(), "");
    wire.say("hello");
    await wire.settles(() => wire.statuses().length === 2);
    assert.deepEqual(wire.statuses(), [100, 200]);
    assert.deepEqual(upstream.requestLines(), ["POST /first HTTP/1.1"]);
    assert.doesNotMatch(upstream.text(), /expect/i);
  },
);

onBoth(
  "requests sent ahead reach the upstream one after the other",
  async (arena, channel, wire) => {
    const upstream = arena.upstream(channel);
    let open = 0;
    let most = 0;
    upstream.script = (arrival) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        arrival.socket.write(OK);
      }, 10);
    };
    const paths = ["/1", "/2", "/3", "/4", "/5"];
    wire.say(paths.map((path) => get(channel, path)).join(""));
    await wire.settles(() => wire.statuses().length === paths.length);
    assert.deepEqual(wire.statuses(), paths.map(() => 200));
    assert.deepEqual(upstream.requestLines(), paths.map((path) => `GET ${path} HTTP/1.1`));
    assert.equal(most, 1);
  },
);

onBoth("a flood of requests sent ahead ends its connection", async (arena, channel, wire) => {
  const upstream = arena.upstream(channel);
  upstream.script = () => {};
  const from = arena.proxy.logs.length;
  const many = get(channel, "/flood").repeat(1_000);
  for (let sent = 0; sent < 50 && !wire.isClosed; sent++) {
    wire.say(many);
    await wire.settles(() => false, 20);
  }
  assert.ok(wire.isClosed);
  assert.ok(upstream.requestLines().length <= 1);
  await troubleThat(arena, from, /^bad_http: more than 64 requests wait/);
  await until(() => upstream.open() === 0);
});

onBoth(
  "what follows a request that closes its connection goes nowhere",
  async (arena, channel, wire) => {
    wire.say(get(channel, "/first", "Connection: close\r\n") + get(channel, "/hidden"));
    await wire.settles(() => wire.isClosed);
    assert.deepEqual(wire.statuses(), [200]);
    assert.deepEqual(arena.upstream(channel).requestLines(), ["GET /first HTTP/1.1"]);
  },
);

onBoth(
  "an answer that comes before the body ended reaches the agent",
  async (arena, channel, wire) => {
    const upstream = arena.upstream(channel);
    upstream.script = (arrival) => {
      upstream.script = () => {};
      arrival.socket.end("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    };
    wire.say(post(channel, `Content-Length: ${LARGE}`) + "x".repeat(LARGE / 2));
    await wire.settles(() => wire.statuses().length > 0);
    assert.deepEqual(wire.statuses(), [413]);
    await until(() => upstream.open() === 0);
  },
);

onBoth("a short body that the agent breaks off goes nowhere", async (arena, channel, wire) => {
  for (
    const framing of [
      "Content-Length: 9\r\n\r\nhello",
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ]
  ) {
    const [lines = "", body = ""] = framing.split("\r\n\r\n");
    const from = arena.proxy.logs.length;
    const other = await arena.dial(channel);
    other.say(post(channel, lines) + body);
    await other.settles(() => false, 20);
    other.destroy();
    await troubleThat(arena, from, /^aborted: /);
  }
  wire.destroy();
  assert.equal(arena.upstream(channel).text(), "");
});

for (const framing of [`Content-Length: ${LARGE}`, "Transfer-Encoding: chunked"]) {
  onBoth(
    `a long body that the agent breaks off has no regular end (${framing})`,
    async (arena, channel, wire) => {
      const upstream = arena.upstream(channel);
      const half = LARGE / 2;
      const isChunked = framing.startsWith("T");
      wire.say(
        post(channel, framing) + (isChunked ? `${half.toString(16)}\r\n` : "") + "x".repeat(half),
      );
      await until(() => upstream.text().length > 200_000);
      wire.destroy();
      await until(() => upstream.open() === 0);
      assert.doesNotMatch(upstream.text().slice(-20), /0\r\n/);
      assert.ok(upstream.text().length < LARGE);
    },
  );
}

onBoth(
  "an agent that leaves before the answer ends the upstream request",
  async (arena, channel, wire) => {
    const upstream = arena.upstream(channel);
    upstream.script = () => {};
    const from = arena.proxy.logs.length;
    wire.say(get(channel, "/first"));
    await until(() => upstream.open() === 1);
    wire.destroy();
    await until(() => upstream.open() === 0);
    await troubleThat(arena, from, /agent went away|closed before the end|aborted/);
  },
);

onBoth("an agent that ends its side alone leaves nothing open", async (arena, channel, wire) => {
  const upstream = arena.upstream(channel);
  upstream.script = (arrival) => void setTimeout(() => arrival.socket.write(OK), 50);
  wire.say(get(channel, "/first"));
  await until(() => upstream.open() === 1);
  wire.socket.end();
  await wire.settles(() => false, 2_000);
  assert.ok(wire.isClosed);
});

onBoth(
  "an upstream that ends its side before it answers is a 502",
  async (arena, channel, wire) => {
    const upstream = arena.upstream(channel);
    const from = arena.proxy.logs.length;
    upstream.script = (arrival) => void arrival.socket.end();
    wire.say(get(channel, "/first"));
    await wire.settles(() => wire.statuses().length > 0);
    assert.deepEqual(wire.statuses(), [502]);
    await troubleThat(arena, from, /^upstream_failed: /);
  },
);

onBoth(
  "an agent that leaves makes no request on a kept connection be sent again",
  async (arena, channel, wire) => {
    const upstream = arena.upstream(channel);
    wire.say(get(channel, "/kept"));
    await wire.settles(() => wire.statuses().length === 1);
    upstream.script = () => {};
    wire.say(post(channel, "Content-Length: 5") + "hello");
    await until(() => upstream.text().endsWith("hello"));
    wire.destroy();
    await until(() => upstream.open() === 0);
    await wire.settles(() => false, 100);
    assert.equal(upstream.requestLines().filter((line) => line.startsWith("POST")).length, 1);
  },
);

for (const [method, status, times] of [["GET", 200, 2], ["POST", 502, 1]] as const) {
  onBoth(
    `a ${method} on a kept connection that dies is served ${times === 2 ? "by another" : "once"}`,
    async (arena, channel, wire) => {
      const upstream = arena.upstream(channel);
      wire.say(get(channel, "/kept"));
      await wire.settles(() => wire.statuses().length === 1);
      const first = upstream.arrivals[0];
      const usual = upstream.script;
      upstream.script = (arrival) =>
        arrival === first ? void arrival.socket.destroy() : usual(arrival);
      wire.say(get(channel, "/again").replace("GET", method));
      await wire.settles(() => wire.statuses().length === 2);
      assert.deepEqual(wire.statuses(), [200, status]);
      const again = upstream.requestLines().filter((line) => line.includes("/again"));
      assert.equal(again.length, times);
    },
  );
}

const POST_FIELDS = block([
  [":method", "POST"],
  [":scheme", "https"],
  [":path", "/first"],
  [":authority", HOST],
]);

Deno.test("an HTTP/2 upload that the agent resets has no regular end upstream", async (t) => {
  await using arena = await startArena();
  for (const [what, pause] of [["at once", 0], ["once it flows", 200]] as const) {
    await t.step(what, async () => {
      arena.secure.forget();
      const from = arena.proxy.logs.length;
      const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: ["h2"] });
      wire.say(PREFACE);
      wire.say(frame(FRAME.headers, FLAG.head, 1, POST_FIELDS));
      wire.say(frame(FRAME.data, 0, 1, Buffer.from("hello")));
      await wire.settles(() => false, pause + 20);
      assert.equal(arena.secure.text().includes("hello"), pause > 0);
      wire.say(frame(FRAME.reset, 0, 1, Uint8Array.of(0, 0, 0, 8)));
      await troubleThat(arena, from, /the sender closed before the end/);
      await until(() => arena.secure.open() === 0);
      assert.doesNotMatch(arena.secure.text(), /\r\n0\r\n/);
      wire.destroy();
      await assertAlive(arena, "tunnel");
    });
  }
});
