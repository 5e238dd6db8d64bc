import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import {
  FOUND,
  HOST,
  type OutboundArena,
  PLAIN,
  send,
  type Sent,
  startArena,
  TOKEN,
} from "./sidecar/outbound.ts";
import { curl, until } from "./sidecar/proxy.ts";

const MARK = "[redacted:token_patterns]";
const KNOWN_MARK = "[redacted:known_secrets]";

Deno.test("redact rewrites what it can, and the request arrives with a mark and the right length", async () => {
  await using arena = await startArena({ onMatch: "redact" });
  const { status } = await send(arena.proxy.port, {
    target: `/a/${FOUND}/b?x=1&key=${TOKEN}&y=2`,
    headers: [["X-Note", `see ${FOUND}, and ${TOKEN}`], ["Cookie", `a=1; b=${FOUND}`]],
    body: `{"a":"${FOUND}","b":"${TOKEN}","c":"${FOUND}"}`,
  });
  assert.equal(status, 200);
  const [seen] = arena.arrived;
  assert.equal(
    seen?.url,
    "/a/%5Bredacted:token_patterns%5D/b?x=1&key=%5Bredacted:known_secrets%5D&y=2",
  );
  assert.equal(seen?.headers["x-note"], `see ${MARK}, and ${KNOWN_MARK}`);
  assert.equal(seen?.headers.cookie, `a=1; b=${MARK}`);
  const body = `{"a":"${MARK}","b":"${KNOWN_MARK}","c":"${MARK}"}`;
  assert.equal(seen?.body, body);
  assert.equal(seen?.headers["content-length"], String(body.length));
  assert.ok(!arena.proxy.logs.join("\n").includes(TOKEN));
});

Deno.test("redact reaches trailers and forms, by HTTP/1.1 and HTTP/2", async () => {
  await using arena = await startArena({ onMatch: "redact" });
  await send(arena.proxy.port, { body: "x", trailers: { "X-Sum": `sum ${FOUND}` } });
  assert.equal(arena.arrived.pop()?.trailers["x-sum"], `sum ${MARK}`);
  for (const version of ["--http1.1", "--http2"]) {
    await curl(arena.proxy, version, "-d", `a=1&key=${FOUND}&b=2`, `https://${HOST}/?q=${FOUND}`);
    const seen = arena.arrived.pop();
    assert.equal(seen?.body, "a=1&key=%5Bredacted:token_patterns%5D&b=2");
    assert.equal(seen?.url, "/?q=%5Bredacted:token_patterns%5D");
    assert.equal(seen?.headers["content-length"], String(seen?.body.length));
  }
});

const UNSAFE: readonly (readonly [string, Sent])[] = [
  ["in the host", { host: `${TOKEN.toLowerCase()}.${PLAIN}` }],
  ["in a header's name", { headers: [[`x-${FOUND}`, "1"]] }],
  ["in a framing header", { headers: [["Content-Type", `text/plain; x=${FOUND}`]], body: "x" }],
  ["in a coded body", { headers: [["Content-Encoding", "gzip"]], body: gzipSync(FOUND) }],
  ["in a body with a digest", { headers: [["Content-MD5", "abc"]], body: FOUND }],
  ["in a body with a later digest", { headers: [["Content-Digest", "sha-256=:x:"]], body: FOUND }],
  ["in an object store's body", {
    headers: [["X-Amz-Content-Sha256", "0".repeat(64)]],
    body: FOUND,
  }],
  ["in a signed body", { headers: [["X-Hub-Signature-256", "sha256=0"]], body: FOUND }],
  ["in a signed head", { headers: [["Signature", "sig1=:x:"], ["X-Note", FOUND]] }],
  ["in a presigned address", { target: `/${FOUND}?X-Amz-Signature=0123` }],
];

Deno.test("what cannot be rewritten safely is blocked instead", async () => {
  await using arena = await startArena({ onMatch: "redact" });
  for (const [what, sent] of UNSAFE) {
    const { status, text } = await send(arena.proxy.port, sent);
    assert.equal(status, 403, `${what}: ${text}`);
    assert.equal(JSON.parse(text).error, "secret_found", what);
  }
  const unsigned = [["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"]] as const;
  assert.equal((await send(arena.proxy.port, { headers: unsigned, body: FOUND })).status, 200);
  assert.equal(arena.connections(), 1);
});

Deno.test("a path that a redaction makes another one is decided on again", async () => {
  await using arena = await startArena({
    onMatch: "redact",
    route: `    matches: [{ paths: [{ type: regex, value: "/repos/[A-Za-z0-9_]+" }] }]\n`,
  });
  assert.equal((await send(arena.proxy.port, { target: "/repos/abc" })).status, 200);
  const { status, text } = await send(arena.proxy.port, { target: `/repos/${FOUND}` });
  assert.equal(status, 403);
  assert.equal(JSON.parse(text).error, "rule_not_matched");
  assert.ok(!text.includes(FOUND));
});

Deno.test("a header that a rule looks at is decided on as it will be sent", async () => {
  await using arena = await startArena({
    onMatch: "redact",
    route: `    matches: [{ headers: [{ name: x-team, value: "[a-zA-Z0-9_]+", type: regex }] }]\n`,
  });
  assert.equal((await send(arena.proxy.port, { headers: [["X-Team", "red"]] })).status, 200);
  const { status } = await send(arena.proxy.port, { headers: [["X-Team", FOUND]] });
  assert.equal(status, 403);
});

/** Sends chunks of a body one by one, with the last held back until told. */
async function sendChunks(
  arena: OutboundArena,
  chunks: readonly (string | Uint8Array)[],
  pauseMs = 0,
): Promise<{ status: number; text: string }> {
  return await new Promise((resolve, reject) => {
    const out = request({
      host: "127.0.0.1",
      port: arena.proxy.port,
      method: "POST",
      path: `http://${PLAIN}/`,
      headers: { Host: PLAIN },
      agent: false,
    }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => void (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    out.on("error", reject);
    void (async () => {
      for (const chunk of chunks) {
        if (!out.write(chunk)) await new Promise((drained) => out.once("drain", drained));
        await new Promise((resume) => setTimeout(resume, pauseMs));
      }
      out.end();
    })();
  });
}

Deno.test("a long body is redacted on its way, also where a value is cut between chunks", async () => {
  await using arena = await startArena({ onMatch: "redact" });
  const words = Buffer.from("some words ".repeat(60_000));
  const cut = FOUND.length / 2;
  const { status } = await sendChunks(arena, [
    words,
    words,
    FOUND.slice(0, cut),
    FOUND.slice(cut),
    words,
    TOKEN,
  ]);
  assert.equal(status, 200);
  const expected = `${words}${words}${MARK}${words}${KNOWN_MARK}`;
  assert.equal(arena.arrived[0]?.body, expected);
  assert.equal(arena.arrived[0]?.headers["content-length"], undefined);
});

Deno.test("a body that pauses is let out in time, and is still redacted", async () => {
  await using arena = await startArena({ onMatch: "redact" });
  const { status } = await sendChunks(arena, ["first, ", `then ${FOUND}, `, "last"], 300);
  assert.equal(status, 200);
  assert.equal(arena.arrived[0]?.body, `first, then ${MARK}, last`);
});

Deno.test("a value late in a long body: nothing complete arrives, and the body never ends whole", async () => {
  await using arena = await startArena({ onMatch: "block" });
  const words = Buffer.from("some words ".repeat(60_000));
  const chunks = [words, words, words, FOUND, words];
  const outcome = await sendChunks(arena, chunks, 100).catch(() => undefined);
  if (outcome !== undefined) assert.equal(outcome.status, 403);
  await until(() => arena.arrived.length === 1);
  const [seen] = arena.arrived;
  assert.equal(seen?.isWhole, false);
  assert.ok(seen?.body.startsWith("some words ") && !seen.body.includes(FOUND.slice(0, 12)));
});
