import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import * as zlib from "node:zlib";
import {
  FOUND,
  type OutboundArena,
  PLAIN,
  send,
  type Sent,
  startArena,
  TOKEN,
} from "./sidecar/outbound.ts";
import { until } from "./sidecar/proxy.ts";

// Functions of Node 22 that the types do not have yet.
const { zstdCompressSync } = zlib as unknown as {
  zstdCompressSync(bytes: Uint8Array): Buffer;
};

const PROSE = "the quick brown fox jumps over the lazy dog, and then some more words follow. ";
const GZIP = ["Content-Encoding", "gzip"] as const;

/** Pieces of the held secret that are each too short to be told from chance. */
function pieces(length = 8): string[] {
  return TOKEN.match(new RegExp(`.{1,${length}}`, "g")) ?? [];
}

/** An archive with a comment, which stands in it as it is (RFC 1952, section 2.3). */
function archive(comment: string, content: Uint8Array): Buffer {
  const head = Uint8Array.of(0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 3);
  const packed = zlib.gzipSync(content).subarray(10);
  return Buffer.concat([head, Buffer.from(`${comment}\0`), packed]);
}

/** A frame of which the secret is part, though no byte of it stands there as it is. */
function frame(): Buffer {
  const packed = zstdCompressSync(Buffer.from(PROSE.repeat(4) + TOKEN + PROSE.repeat(4)));
  assert.ok(!packed.includes(TOKEN.slice(5, 16)));
  return packed;
}

const LARGE = new Uint8Array(1_200_000).fill(0x61);
const INNER = zlib.gzipSync(`${PROSE}${TOKEN}`).toString("base64");

const ATTEMPTS: Readonly<Record<string, () => Sent>> = {
  "in lines of one header": () => ({ headers: pieces().map((piece) => ["X-Part", piece]) }),
  "in lines of one header with others between": () => ({
    headers: pieces().flatMap((piece, n) => [["X-Part", piece], [`X-${n}`, "between"]] as const),
  }),
  "in lines of the cookie": () => ({ headers: pieces().map((piece) => ["Cookie", piece]) }),
  "beside a large coded content": () => ({
    headers: [GZIP],
    body: archive(` ${FOUND} `, LARGE),
  }),
  "packed beside a large coded content": () => ({
    headers: [GZIP],
    body: archive(INNER, LARGE),
  }),
  "beside many coded contents": () => ({
    headers: [GZIP],
    body: Buffer.concat([
      ...Array.from({ length: 40 }, () => zlib.gzipSync("x")),
      archive(` ${FOUND} `, Buffer.from("x")),
    ]),
  }),
  "beside the content of an archive that nobody declared": () => ({
    body: archive(` ${FOUND} `, LARGE),
  }),
  "in a frame without its end": () => ({ body: frame().subarray(0, -1) }),
  "in a second frame": () => ({
    body: Buffer.concat([zstdCompressSync(Buffer.from("first")), frame()]),
  }),
  "behind a frame to be skipped": () => ({
    body: Buffer.concat([Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7), frame()]),
  }),
  "in a frame within a part": () => ({
    body: Buffer.concat([Buffer.from("--b\r\nContent-Type: a/b\r\n\r\n"), frame()]),
  }),
  "in a frame without its end in base64": () => ({
    body: `{"file":"${frame().subarray(0, -2).toString("base64")}","more":"${PROSE}"}`,
  }),
};

Deno.test("what must not leave does not leave in these disguises", async (step) => {
  await using arena = await startArena({ onMatch: "block" });
  for (const [name, sent] of Object.entries(ATTEMPTS)) {
    await step.step(name, async () => {
      const answer = await send(arena.proxy.port, sent());
      assert.equal(answer.status, 403, answer.text);
      assert.deepEqual(arena.arrived, []);
    });
  }
  await step.step("harmless bodies of the same shapes pass", async () => {
    const harmless: Sent[] = [
      { headers: [GZIP], body: archive("backup.txt", LARGE) },
      { body: zstdCompressSync(Buffer.from(PROSE)) },
      { headers: [["X-Part", "one"], ["X-Part", "two"]] },
    ];
    for (const sent of harmless) {
      const answer = await send(arena.proxy.port, sent);
      assert.equal(answer.status, 200, answer.text);
    }
  });
});

/** Sends a body in pieces with a pause behind each, until it is answered or all is sent. */
async function trickle(
  { proxy }: OutboundArena,
  sent: { readonly body: Uint8Array; readonly headers: string; readonly size: number },
): Promise<string> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => {});
  let answer = "";
  socket.on("data", (chunk: Uint8Array) => void (answer += Buffer.from(chunk).toString("latin1")));
  const host = `POST http://${PLAIN}/live HTTP/1.1\r\nHost: ${PLAIN}\r\n`;
  socket.write(`${host}Transfer-Encoding: chunked\r\n${sent.headers}\r\n`);
  for (let at = 0; at < sent.body.length && answer === ""; at += sent.size) {
    const part = sent.body.subarray(at, at + sent.size);
    socket.write(`${part.length.toString(16)}\r\n`);
    socket.write(part);
    socket.write("\r\n");
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  await until(() => answer !== "");
  socket.destroy();
  return answer;
}

for (const [name, headers] of [["declared", "Content-Encoding: zstd\r\n"], ["not declared", ""]]) {
  Deno.test(`of a block that cannot be decoded yet nothing leaves: ${name}`, async () => {
    await using arena = await startArena({ onMatch: "block" });
    const body = frame();
    const size = body.length - 1;
    const answer = await trickle(arena, { body, headers: headers ?? "", size });
    assert.match(answer, /^HTTP\/1\.1 403 /);
    // What was on its way has arrived once a later request is answered.
    assert.equal((await send(arena.proxy.port, { target: "/later" })).status, 200);
    await until(() => arena.arrived.some(({ url }) => url.endsWith("/later")));
    const left = arena.arrived.reduce((sum, one) => sum + one.body.length, 0);
    assert.ok(left < 16, `${left} of ${body.length} bytes left`);
  });
}
