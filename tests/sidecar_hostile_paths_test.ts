import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalTarget } from "../policy/egress/path.ts";
import { type Arena, type Channel, fill, HOST, startArena } from "./sidecar/arena.ts";
import { block, FLAG, FRAME, frame, framesIn, PREFACE } from "./sidecar/frames.ts";
import { startOrigin } from "./sidecar/origin.ts";
import { startProxy, until } from "./sidecar/proxy.ts";
import { startRawUpstream } from "./sidecar/raw_upstream.ts";
import { dialProxy, dialTunnel, type Wire } from "./sidecar/wire.ts";

const PIECES = [
  ...[
    "/",
    "//",
    "/./",
    "/../",
    "..",
    ".",
    "%2e",
    "%2E%2e",
    "%2f",
    "%2F..%2f",
    "%5C",
    "\\",
    ";",
    "..;/",
  ],
  ...["%3b", "%25", "%252e", "%252f", "%00", "%0d%0a", "%c0%ae", "%C0%AF", "%e0%80%af", "%u002e"],
  ...["%", "%2", "#", "?", "??", "&", "=", "@", ":", "http://evil.example.com/", "a", "v1", "%41"],
  ...["%7e", "~", "*", "'", '"', "<", ">", "{", "}", "|", "^", "`", "[", "]", "!", "$", ","],
] as const;

const RUNS = Object.freeze({ numRuns: 8 });

/** Printable ones, as many odd as there are plain. */
const asciiTarget = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((parts) => `/${parts.join("")}`),
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
    .map((text) => `/${text}`),
  fc.webPath().map((path) => path || "/"),
);

const byteTarget = fc.oneof(
  asciiTarget,
  fc.string({ unit: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)) })
    .map((text) => `/v1/${text}`),
);

function batchOf(target: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.array(target, { minLength: 40, maxLength: 40 });
}

/** Targets that have to arrive, of those that were sent. */
function expectedOf(batch: readonly string[]): string[] {
  return batch.flatMap((raw) => {
    const canonical = canonicalTarget(raw);
    return canonical.ok ? [canonical.target] : [];
  });
}

function pathsOf(targets: readonly string[]): string[] {
  return targets.map((target) => target.split("?", 1)[0] ?? "").sort();
}

/** Paths of the requests that were let through, as logged; the names of parameters cut off. */
function loggedPaths(logs: readonly string[]): string[] {
  return logs.map((line) => JSON.parse(line))
    .filter(({ event }) => event === "egress_request")
    .map(({ path }) => String(path).split("?", 1)[0] ?? "").sort();
}

/** What was matched, what was logged and what arrived are the same, byte for byte. */
async function assertSame(
  logs: () => readonly string[],
  batch: readonly string[],
  arrived: readonly string[],
): Promise<void> {
  const expected = expectedOf(batch);
  assert.deepEqual([...arrived].sort(), [...expected].sort());
  await until(() => loggedPaths(logs()).length >= expected.length);
  assert.deepEqual(loggedPaths(logs()), pathsOf(expected));
}

function targetsOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.split(" ")[1] ?? "");
}

/** Asks for one target after the other, on a new connection where the last one was ended. */
async function askAll(arena: Arena, channel: Channel, batch: readonly string[]): Promise<void> {
  let wire: Wire | undefined;
  for (const raw of batch) {
    if (wire === undefined || wire.isClosed) wire = await arena.dial(channel);
    const before = wire.statuses().length;
    wire.say(fill("GET {T}", channel) + raw + fill(" HTTP/1.1\r\nHost: {H}\r\n\r\n", channel));
    const { received } = wire;
    const got = wire;
    await got.settles(() => got.statuses().length > before && received.length > 0);
    const status = got.statuses().at(-1) ?? 0;
    assert.equal(status, canonicalTarget(raw).ok ? 200 : 400, raw.slice(0, 200));
    if (status === 400) wire.destroy();
    if (status === 400) wire = undefined;
  }
  wire?.destroy();
}

for (const channel of ["plain", "tunnel"] as const) {
  Deno.test(`the path that is matched and logged is the one that arrives (${channel})`, async () => {
    await using arena = await startArena();
    const upstream = arena.upstream(channel);
    await fc.assert(
      fc.asyncProperty(batchOf(asciiTarget), async (batch) => {
        upstream.forget();
        const from = arena.proxy.logs.length;
        await askAll(arena, channel, batch);
        const arrived = targetsOf(upstream.requestLines());
        await assertSame(() => arena.proxy.logs.slice(from), batch, arrived);
      }),
      RUNS,
    );
  });
}

/** Asks for all targets at one time over HTTP/2, to the byte. */
async function askHttp2(wire: Wire, batch: readonly string[]): Promise<void> {
  wire.say(PREFACE);
  batch.forEach((raw, index) => {
    const head = block([
      [":method", "GET"],
      [":scheme", "https"],
      [":path", raw],
      [":authority", HOST],
    ]);
    wire.say(frame(FRAME.headers, FLAG.head | FLAG.end, 2 * index + 1, head));
  });
  const ended = (): number =>
    framesIn(Buffer.concat(wire.received)).filter(({ type, flags }) =>
      (type === FRAME.data || type === FRAME.headers) && (flags & FLAG.end) === 1
    ).length;
  assert.equal(await wire.settles(() => ended() >= batch.length), "holds");
  wire.destroy();
}

Deno.test("the path that is matched and logged is the one that arrives (HTTP/2 to HTTP/1.1)", async () => {
  await using arena = await startArena();
  await fc.assert(
    fc.asyncProperty(batchOf(byteTarget), async (batch) => {
      arena.secure.forget();
      const from = arena.proxy.logs.length;
      await askHttp2(await dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: ["h2"] }), batch);
      const arrived = targetsOf(arena.secure.requestLines());
      await assertSame(() => arena.proxy.logs.slice(from), batch, arrived);
    }),
    RUNS,
  );
});

Deno.test("the path that is matched and logged is the one that arrives (HTTP/2)", async () => {
  await using origin = await startOrigin([HOST]);
  await using proxy = await startProxy({
    routes: `log: 2\nroutes:\n  - host: ${HOST}\n`,
    upstreamCa: origin.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: origin.port }],
  });
  await fc.assert(
    fc.asyncProperty(batchOf(byteTarget), async (batch) => {
      origin.seen.splice(0);
      const from = proxy.logs.length;
      await askHttp2(await dialTunnel(proxy, { target: `${HOST}:443`, alpn: ["h2"] }), batch);
      assert.ok(origin.seen.every(({ version }) => version === "2.0"));
      const arrived = origin.seen.map(({ url }) => url);
      await assertSame(() => proxy.logs.slice(from), batch, arrived);
    }),
    RUNS,
  );
});

Deno.test("no way of writing a path leads out of a rule's prefix", async () => {
  await using upstream = await startRawUpstream();
  await using proxy = await startProxy({
    routes: "log: 2\nroutes:\n  - host: ruled.example.com\n    matches:\n" +
      "      - paths: [{type: prefix, value: /v1}]\n",
    extraHosts: [{ name: "ruled.example.com", address: "127.0.0.1", port: upstream.port }],
  });
  const outside = fc.array(fc.constantFrom(...PIECES.slice(0, 30)), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(outside, { minLength: 40, maxLength: 40 }), async (batch) => {
      upstream.forget();
      for (const parts of batch) {
        const wire = dialProxy(proxy);
        const head = `GET http://ruled.example.com/v1${parts.join("")} HTTP/1.1\r\n` +
          "Host: ruled.example.com\r\nConnection: close\r\n\r\n";
        wire.say(head);
        await wire.settles(() => wire.isClosed);
        wire.destroy();
      }
      for (const target of targetsOf(upstream.requestLines())) {
        const decoded = decodeURIComponent((target.split("?", 1)[0] ?? "").replace(/;[^/]*/g, ""));
        const { pathname } = new URL(`http://host${decoded}`);
        assert.ok(pathname === "/v1" || pathname.startsWith("/v1/"), target);
      }
    }),
    { numRuns: 4 },
  );
});

Deno.test("a target that is too long is refused, the longest arrives", async () => {
  await using arena = await startArena();
  for (const channel of ["plain", "tunnel"] as const) {
    arena.upstream(channel).forget();
    const prefix = fill("{T}", channel).length;
    const longest = `/${"a".repeat(32 * 1024 - 1 - prefix)}`;
    await askAll(arena, channel, [longest]);
    assert.deepEqual(targetsOf(arena.upstream(channel).requestLines()), [longest]);
    const wire = await arena.dial(channel);
    wire.say(fill(`GET {T}/${"a".repeat(33 * 1024)} HTTP/1.1\r\nHost: {H}\r\n\r\n`, channel));
    await wire.settles(() => wire.statuses().length > 0);
    assert.deepEqual(wire.statuses(), [400]);
    wire.destroy();
  }
});
