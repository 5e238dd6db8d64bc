import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deflateRawSync } from "node:zlib";
import { writeFrame } from "../sidecar/egress/websocket/frame.ts";
import { FOUND, TOKEN } from "./sidecar/outbound.ts";
import { until } from "./sidecar/proxy.ts";
import {
  closing,
  Frames,
  nextMessage,
  openLibrary,
  openRaw,
  type RawAgent,
  type Taken,
  withWebSocket,
} from "./sidecar/websocket.ts";

const TOKENS = { EGRESS_TOKEN_0: TOKEN };
const MIB = 1024 * 1024;
const WORDS = "nothing to see in these words, ";

function said(opcode: number, payload: string | Uint8Array, isFinal = true): Uint8Array {
  return writeFrame({ opcode, isFinal }, Buffer.from(payload as string), { isMasked: true });
}

function compressed(text: string): Uint8Array {
  const bytes = deflateRawSync(text);
  return writeFrame({ opcode: 1, isFinal: true, isCompressed: true }, bytes, { isMasked: true });
}

/** An agent whose frames are written here, and an origin that only listens. */
async function withListener(
  options: { readonly dlp?: string; readonly deflate?: boolean; readonly queue?: string },
  run: (both: {
    readonly agent: RawAgent;
    readonly heard: Frames;
    readonly origin: Taken;
    readonly logs: readonly string[];
  }) => Promise<void>,
): Promise<void> {
  const taken = Promise.withResolvers<Taken>();
  const lines = options.deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "";
  const setup = {
    tokens: TOKENS,
    ...(options.dlp !== undefined && { dlp: options.dlp }),
    ...(options.queue !== undefined && {
      queue: { folder: options.queue, timeoutSeconds: 20 },
    }),
  };
  await withWebSocket({ onSocket: taken.resolve, answer: lines }, setup, async (proxy) => {
    const agent = await openRaw(proxy, { lines, mayCompress: options.deflate ?? false });
    const origin = await taken.promise;
    const heard = new Frames({ isMasked: true });
    origin.socket.on("data", (chunk: Uint8Array) => heard.take(chunk));
    await run({ agent, heard, origin, logs: proxy.logs });
    agent.wire.destroy();
  });
}

/** Every way in which frames could take the credential out, and nothing else. */
const SMUGGLED: Readonly<Record<string, readonly Uint8Array[]>> = {
  "a text message": [said(1, `{"key":"${TOKEN}"}`)],
  "a binary message": [said(2, `\0\x01${TOKEN}\xff`)],
  "a fragmented message": [...TOKEN].map((char, index, all) =>
    said(index === 0 ? 1 : 0, char, index === all.length - 1)
  ),
  "a message around pings": [
    said(1, TOKEN.slice(0, 9), false),
    said(9, ""),
    said(0, TOKEN.slice(9)),
  ],
  "a ping": [said(9, TOKEN)],
  "a pong": [said(10, TOKEN)],
  "a close frame's reason": [
    said(8, Buffer.concat([Buffer.from([3, 232]), Buffer.from(TOKEN)])),
  ],
  "base64 in a message": [said(1, btoa(`user:${TOKEN}`))],
  "messages of eight characters": TOKEN.match(/.{1,8}/g)?.map((part) => said(1, part)) ?? [],
  "messages of one character": [...TOKEN].map((char) => said(1, char)),
  "pings of eight characters": TOKEN.match(/.{1,8}/g)?.map((part) => said(9, part)) ?? [],
  "a message, a ping and a close frame": [
    said(2, TOKEN.slice(0, 8)),
    said(9, TOKEN.slice(8, 14)),
    said(8, Buffer.concat([Buffer.from([3, 232]), Buffer.from(TOKEN.slice(14))])),
  ],
  "a token's format over two messages": [said(1, FOUND.slice(0, 20)), said(1, FOUND.slice(20))],
};

for (const [what, frames] of Object.entries(SMUGGLED)) {
  Deno.test(`the credential in ${what}: closed with 1008, and it does not arrive`, async () => {
    await withListener({}, async ({ agent, heard, logs }) => {
      for (const frame of frames) agent.wire.say(frame);
      await until(() => agent.frames.closed() !== undefined && heard.closed() !== undefined);
      for (
        const { code, reason } of [agent.frames.closed(), heard.closed()].flatMap((o) => o ?? [])
      ) {
        assert.equal(code, 1008);
        assert.match(reason, /^secret_found: (?:known_secrets: EGRESS_TOKEN_0|token_patterns: )/);
      }
      const arrived = heard.pieces.filter((piece) => piece.kind === "data" || piece.opcode !== 8)
        .map(({ payload }) => Buffer.from(payload).toString()).join("");
      assert.ok(arrived.replace(/[^a-z0-9]/gi, "").length <= 20, arrived);
      await until(() => agent.wire.isClosed);
      await until(() => logs.some((line) => line.includes('"egress_block"')));
      assert.ok(!logs.join().includes(TOKEN));
    });
  });
}

for (const deflate of [false, true]) {
  Deno.test(`the credential deep in a long message stops it (compressed: ${deflate})`, async () => {
    const text = WORDS.repeat(4 * MIB / WORDS.length);
    const long = `${text}${TOKEN}${text}`;
    await withListener({ deflate }, async ({ agent, heard }) => {
      agent.wire.say(deflate ? compressed(long) : said(1, long));
      await until(() => heard.closed() !== undefined);
      assert.equal(heard.closed()?.code, 1008);
      const arrived = heard.text();
      assert.ok(arrived.length > MIB && !arrived.includes(TOKEN.slice(0, 12)));
      assert.ok(!heard.pieces.some((piece) => piece.kind === "data" && piece.isFinal));
    });
  });
}

Deno.test("a compressed message is scanned as what it says", async () => {
  await withListener({ deflate: true }, async ({ agent, heard }) => {
    agent.wire.say(compressed(`first ${WORDS}`));
    await until(() => heard.text().startsWith("first"));
    agent.wire.say(compressed(`{"key":"${TOKEN}"}`));
    await until(() => agent.frames.closed()?.code === 1008);
    assert.ok(!heard.text().includes("key"));
  });
});

Deno.test("the handshake is scanned before anybody is dialled", async () => {
  let count = 0;
  await withWebSocket({ onSocket: () => void count++ }, { tokens: TOKENS }, async (proxy) => {
    for (
      const [path, lines] of [[`/?key=${TOKEN}`, ""], ["/", `X-Key: ${TOKEN}\r\n`], [
        "/",
        `Sec-WebSocket-Protocol: chat, ${TOKEN}\r\n`,
      ]] as const
    ) {
      const { head } = await openRaw(proxy, { path, lines });
      assert.match(head, /^HTTP\/1\.1 403 /);
    }
    assert.equal(count, 0);
  });
});

Deno.test("redact: the value is replaced in text, and blocks what cannot be rewritten", async () => {
  const dlp = "outbound_on_match: redact";
  await withListener({ dlp }, async ({ agent, heard }) => {
    agent.wire.say(said(1, `{"key":"${TOKEN}","next":"\u00e9"}`));
    await until(() => heard.text() !== "");
    assert.equal(heard.text(), `{"key":"[redacted:known_secrets]","next":"\u00e9"}`);
    agent.wire.say(said(2, TOKEN));
    await until(() => agent.frames.closed()?.code === 1008);
    assert.ok(!heard.text().includes(TOKEN));
  });
  await withWebSocket({ deflate: true }, { tokens: TOKENS, dlp }, async (proxy) => {
    const peer = await openLibrary(proxy, { perMessageDeflate: { threshold: 0 } });
    const long = WORDS.repeat(2 * MIB / WORDS.length);
    const back = nextMessage(peer);
    peer.send(`${long}${TOKEN}${long}`);
    assert.equal(await back, `${long}[redacted:known_secrets]${long}`);
    const closed = closing(peer);
    peer.ping(TOKEN);
    assert.equal((await closed).code, 1008);
  });
});

/** Answers the one open proposal of a queue. */
async function respond(folder: string, status: string): Promise<string> {
  const name = (): string | undefined =>
    [...Deno.readDirSync(folder)].find((one) => one.name.endsWith(".proposal.json"))?.name;
  await until(() => name() !== undefined);
  const path = `${folder}/${name()}`;
  const text = await Deno.readTextFile(path);
  const { id } = JSON.parse(text);
  const response = { proposal_id: id, status, notes: "by the test", final_file: null };
  await Deno.writeTextFile(`${path}.tmp`, JSON.stringify(response));
  await Deno.rename(`${path}.tmp`, `${folder}/${id}.response.json`);
  return text;
}

Deno.test("supervise: a message waits for a person while pings are answered", async () => {
  const queue = await Deno.makeTempDir();
  try {
    const dlp = "outbound_on_match: supervise";
    await withListener({ dlp, queue }, async ({ agent, heard, origin }) => {
      const burst = [
        said(1, "before"),
        said(1, `{"key":"${TOKEN}"}`),
        said(9, "agent's ping"),
        said(1, "after"),
      ];
      agent.wire.say(Buffer.concat(burst));
      const pong = (frames: Frames, text: string): boolean =>
        frames.pieces.some((piece) =>
          piece.kind === "control" && piece.opcode === 10 &&
          Buffer.from(piece.payload).toString() === text
        );
      await until(() => pong(agent.frames, "agent's ping"));
      await until(() => [...Deno.readDirSync(queue)].length > 0);
      origin.socket.write(
        writeFrame({ opcode: 9, isFinal: true }, Buffer.from("upstream's ping"), {
          isMasked: false,
        }),
      );
      origin.socket.write(
        writeFrame({ opcode: 1, isFinal: true }, Buffer.from("news"), { isMasked: false }),
      );
      await until(() => pong(heard, "upstream's ping") && agent.frames.text() === "news");
      agent.wire.say(said(9, "later ping"));
      await until(() => pong(agent.frames, "later ping"));
      assert.equal(heard.text(), "before");
      const proposal = await respond(queue, "approved");
      assert.ok(!proposal.includes(TOKEN));
      await until(() => heard.text() === `before{"key":"${TOKEN}"}after`);
      agent.wire.say(said(1, ` ${TOKEN}`));
      await until(() => heard.text().endsWith(` ${TOKEN}`));
    });
  } finally {
    await Deno.remove(queue, { recursive: true });
  }
});

Deno.test("supervise: a rejected message ends the WebSocket, and so does an agent that leaves", async () => {
  const queue = await Deno.makeTempDir();
  try {
    await withListener({ dlp: "outbound_on_match: supervise", queue }, async (both) => {
      both.agent.wire.say(said(1, TOKEN));
      await respond(queue, "rejected");
      await until(() => both.agent.frames.closed()?.code === 1008);
      assert.equal(both.heard.text(), "");
    });
    await withListener({ dlp: "outbound_on_match: supervise", queue }, async (both) => {
      both.agent.wire.say(said(1, TOKEN));
      const isOpen = (): boolean =>
        [...Deno.readDirSync(queue)].some(({ name }) => name.endsWith(".proposal.json"));
      await until(isOpen);
      both.agent.wire.destroy();
      await until(() => !isOpen());
      await until(() => both.origin.socket.destroyed || both.origin.socket.readableEnded);
      assert.equal(both.heard.text(), "");
    });
  } finally {
    await Deno.remove(queue, { recursive: true });
  }
});

Deno.test("who goes on sending while a message is held has to wait", async () => {
  const queue = await Deno.makeTempDir();
  try {
    await withListener({ dlp: "outbound_on_match: supervise", queue }, async ({ agent, heard }) => {
      agent.wire.say(said(1, TOKEN));
      await until(() => [...Deno.readDirSync(queue)].length > 0);
      const block = said(2, new Uint8Array(MIB));
      for (let count = 0; count < 40; count++) agent.wire.say(Uint8Array.from(block));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.ok(agent.wire.socket.writableLength > 16 * MIB);
      await respond(queue, "approved");
      await until(() => heard.pieces.length === 41);
    });
  } finally {
    await Deno.remove(queue, { recursive: true });
  }
});
