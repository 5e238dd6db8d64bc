import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import * as zlib from "node:zlib";
import { FOUND, HOST, PLAIN, send, type Sent, startArena, TOKEN } from "./sidecar/outbound.ts";
import { curl, until } from "./sidecar/proxy.ts";

const SURFACES: readonly (readonly [string, (value: string) => Sent])[] = [
  ["path", (value) => ({ target: `/a/${value}/b` })],
  ["query", (value) => ({ target: `/?key=${value}` })],
  ["header x-note", (value) => ({ headers: [["X-Note", `see ${value}`]] })],
  ["header name", (value) => ({ headers: [[`x-${value}`, "1"]] })],
  ["header cookie", (value) => ({ headers: [["Cookie", `a=1; b=${value}`]] })],
  ["header authorization", (value) => ({ headers: [["Authorization", `Bearer ${value}`]] })],
  ["header user-agent", (value) => ({ headers: [["User-Agent", value]] })],
  ["body", (value) => ({ body: `{"a":"${value}"}` })],
  ["trailer x-sum", (value) => ({ body: "x", trailers: { "X-Sum": value } })],
];

Deno.test("block answers 403 for every surface, names what and where, and dials nothing", async () => {
  await using arena = await startArena({ onMatch: "block" });
  const kinds = [["token_patterns", FOUND], ["known_secrets", TOKEN]] as const;
  for (const [detector, value] of kinds) {
    for (const [place, sent] of SURFACES) {
      const { status, text } = await send(arena.proxy.port, sent(value));
      assert.equal(status, 403, `${detector} in ${place}: ${text}`);
      const { error, findings, hint } = JSON.parse(text);
      assert.equal(error, "secret_found");
      assert.equal(findings[0].detector, detector);
      assert.match(findings[0].place, new RegExp(place));
      assert.ok(hint.text.length > 0);
      assert.ok(!text.toLowerCase().includes(value.toLowerCase()), text);
    }
  }
  assert.equal(arena.connections(), 0);
  const logs = arena.proxy.logs.join("\n");
  assert.ok(!logs.includes(TOKEN) && !logs.includes(FOUND), logs);
  const blocks = arena.proxy.logs.map((line) => JSON.parse(line))
    .filter(({ event }) => event === "egress_block");
  assert.equal(blocks.length, 2 * SURFACES.length);
  assert.ok(blocks.every(({ detector, kind, place }) => detector && kind && place));
  assert.deepEqual(await arena.proposals(), []);
});

Deno.test("a secret in a host's name is not looked up, and is nowhere repeated", async () => {
  await using arena = await startArena({ onMatch: "block" });
  const label = "AKIA" + "Q3EGRZ7K5WN2XYTB";
  for (const host of [`${label}.${PLAIN}`, `${label.toLowerCase()}.${PLAIN}`]) {
    const { status, text } = await send(arena.proxy.port, { host });
    assert.equal(status, 403);
    assert.match(JSON.parse(text).findings[0].place, /host/);
    assert.ok(!text.toLowerCase().includes(label.toLowerCase()), text);
  }
  const logs = arena.proxy.logs.join("\n").toLowerCase();
  assert.ok(!logs.includes("does not resolve"), logs);
});

Deno.test("inside of TLS, by HTTP/1.1 and HTTP/2, the same is blocked", async () => {
  await using arena = await startArena({ onMatch: "block" });
  for (const version of ["--http1.1", "--http2"]) {
    for (
      const args of [
        ["-d", `key=${FOUND}`, `https://${HOST}/`],
        ["-H", `X-Key: ${TOKEN}`, `https://${HOST}/`],
        [`https://${HOST}/?q=${TOKEN}`],
        ["-X", `M${FOUND}`, `https://${HOST}/`],
      ]
    ) {
      // The HTTP/1.1 parser knows no method of that name and refuses it as malformed.
      const expected = args[0] === "-X" && version === "--http1.1" ? "400" : "403";
      const { out } = await curl(arena.proxy, version, "-w", "%{http_code}", ...args);
      assert.equal(out.slice(-3), expected, `${version} ${args[0]}: ${out}`);
    }
  }
  assert.equal(arena.connections(), 0);
});

Deno.test("the route's own credential is put in unseen, and the agent's is not looked at there", async () => {
  await using arena = await startArena({ onMatch: "block" });
  const { out } = await curl(
    arena.proxy,
    "-H",
    `Authorization: Bearer ${FOUND}`,
    "-H",
    `Proxy-Authorization: Basic ${TOKEN}`,
    `https://${HOST}/`,
  );
  assert.equal(out, "arrived");
  assert.equal(arena.arrived[0]?.headers.authorization, `Bearer ${TOKEN}`);
});

const zstd = (zlib as unknown as { zstdCompressSync(bytes: Uint8Array): Uint8Array })
  .zstdCompressSync;
const filler = (length: number): Buffer =>
  Buffer.from(Array.from({ length: length / 8 }, (_, at) => `${at} word`.padEnd(8)).join(""));
const CODINGS: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstd],
  ["gzip, br", (bytes) => brotliCompressSync(gzipSync(bytes))],
];

Deno.test("a coded body is looked into, short or long, and an honest one arrives as it was", async () => {
  await using arena = await startArena({ onMatch: "block" });
  for (const [coding, encode] of CODINGS) {
    for (const size of [100, 400_000]) {
      const headers = [["Content-Encoding", coding]] as const;
      const secret = Buffer.concat([filler(size), Buffer.from(FOUND), filler(size)]);
      const refused = await send(arena.proxy.port, { headers, body: encode(secret) });
      assert.equal(refused.status, 403, `${coding} ${size}`);
      assert.match(refused.text, /"place":"body \(decoded from /);
      const honest = encode(filler(size));
      const { status } = await send(arena.proxy.port, { headers, body: honest });
      assert.equal(status, 200, `${coding} ${size}`);
      assert.equal(arena.arrived.pop()?.body, new TextDecoder("latin1").decode(honest));
    }
  }
});

Deno.test("a long coded body passes on its way, and one with a value late in it never ends whole", async () => {
  await using arena = await startArena({ onMatch: "block" });
  const lines = Array.from({ length: 80_000 }, (_, at) => `${at} ${crypto.randomUUID()}\n`).join(
    "",
  );
  for (const [coding, encode] of CODINGS.filter(([name]) => name !== "br")) {
    const headers = [["Content-Encoding", coding]] as const;
    const honest = encode(Buffer.from(lines));
    assert.ok(honest.length > 1_500_000);
    assert.equal((await send(arena.proxy.port, { headers, body: honest })).status, 200, coding);
    assert.equal(arena.arrived.pop()?.body, new TextDecoder("latin1").decode(honest));
    const secret = encode(Buffer.from(lines + FOUND));
    const refused = await send(arena.proxy.port, { headers, body: secret }).catch(() => undefined);
    assert.ok(refused === undefined || refused.status === 403, coding);
    await until(() => arena.proxy.logs.at(-1)?.includes("egress_block") === true);
    for (const seen of arena.arrived.splice(0)) assert.equal(seen.isWhole, false);
  }
});

Deno.test("an archive that no header declares is looked into, however long it is", async () => {
  await using arena = await startArena({ onMatch: "block" });
  for (const lines of [20_000, 80_000]) {
    const text = Array.from({ length: lines }, (_, at) => `${at} ${crypto.randomUUID()}\n`).join(
      "",
    );
    const honest = gzipSync(text);
    const sent = await send(arena.proxy.port, { body: honest });
    assert.equal(sent.status, 200, sent.text);
    assert.equal(arena.arrived.pop()?.body, new TextDecoder("latin1").decode(honest));
    const secret = gzipSync(text + FOUND);
    const refused = await send(arena.proxy.port, { body: secret }).catch(() => undefined);
    assert.ok(refused === undefined || refused.status === 403);
    await until(() => arena.proxy.logs.at(-1)?.includes("egress_block") === true);
    for (const seen of arena.arrived.splice(0)) assert.equal(seen.isWhole, false);
  }
});

Deno.test("what is not in the coding that it claims is refused: a bomb, damage, garbage, a cut", async () => {
  await using arena = await startArena({ onMatch: "block" });
  const good = filler(1000);
  const bomb = new Uint8Array(64 * 1024 * 1024);
  const bodies: readonly (readonly [string, string, Uint8Array])[] = [
    ["unknown", "compress", good],
    ["too deep", "gzip, gzip, gzip, gzip", gzipSync(gzipSync(gzipSync(gzipSync(good))))],
    ...CODINGS.map(([coding, encode]) => ["bomb", coding, encode(bomb)] as const),
    ...CODINGS.map(([coding, encode]) => {
      return [
        "garbage behind",
        coding,
        Buffer.concat([encode(good), Buffer.from("garbage!")]),
      ] as const;
    }),
    ...CODINGS.map(([coding, encode]) => ["cut", coding, encode(good).slice(0, -2)] as const),
    ...CODINGS.map(([coding]) => ["not coded", coding, good] as const),
  ];
  for (const [what, coding, body] of bodies) {
    const headers = [["Content-Encoding", coding]] as const;
    const { status, text } = await send(arena.proxy.port, { headers, body });
    assert.equal(status, 403, `${what} ${coding}: ${text}`);
    assert.equal(JSON.parse(text).error, "body_unreadable", `${what} ${coding}`);
  }
  assert.equal(arena.connections(), 0);
});

Deno.test("what stands beside the coded content is seen as well", async () => {
  await using arena = await startArena({ onMatch: "block" });
  const member = gzipSync(filler(1000));
  // A gzip header with a name (RFC 1952, 2.3): flag 8, ended by a zero byte.
  const named = Buffer.concat([
    member.subarray(0, 10),
    Buffer.from(`${FOUND}\0`),
    member.subarray(10),
  ]);
  named[3] = 8;
  const { status, text } = await send(arena.proxy.port, {
    headers: [["Content-Encoding", "gzip"]],
    body: named,
  });
  assert.equal(status, 403);
  assert.equal(JSON.parse(text).findings[0].place, "body");
});

Deno.test("a route that wants no scan gets none", async () => {
  await using arena = await startArena({ onMatch: "block" });
  await arena.proxy.writeRoutes(
    `routes:\n  - host: ${PLAIN}\n    dlp: { outbound_detectors: false }\n`,
  );
  arena.proxy.reload();
  for (let attempt = 0; attempt < 50; attempt++) {
    const { status } = await send(arena.proxy.port, { body: FOUND });
    if (status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(arena.arrived.pop()?.body, FOUND);
});
