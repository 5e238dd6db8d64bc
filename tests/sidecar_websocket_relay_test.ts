import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { deflateRawSync } from "node:zlib";
// @ts-types="@types/ws"
import { WebSocketServer } from "ws";
import { writeFrame } from "../sidecar/egress/websocket/frame.ts";
import { TOKEN } from "./sidecar/outbound.ts";
import { startProxy, until } from "./sidecar/proxy.ts";
import {
  closing,
  Frames,
  HOST,
  nextMessage,
  openLibrary,
  openRaw,
  openUnread,
  type Taken,
  withWebSocket,
} from "./sidecar/websocket.ts";
import { dialProxy } from "./sidecar/wire.ts";

const MIB = 1024 * 1024;
const encoder = new TextEncoder();

/** A client's frame, masked. */
function said(opcode: number, payload: string | Uint8Array, isFinal = true): Uint8Array {
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  return writeFrame({ opcode, isFinal }, bytes, { isMasked: true });
}

/** A server's frame. */
function answered(opcode: number, payload: string | Uint8Array, isFinal = true): Uint8Array {
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  return writeFrame({ opcode, isFinal }, bytes, { isMasked: false });
}

for (
  const deflate of [false, true, { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }, {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
  }]
) {
  Deno.test(`messages of every size come back (${JSON.stringify(deflate)})`, async () => {
    const options = typeof deflate === "object" ? { ...deflate, threshold: 0 } : deflate;
    await withWebSocket({ deflate: options }, {}, async (proxy) => {
      const peer = await openLibrary(proxy, {
        perMessageDeflate: deflate === false ? false : { threshold: 0 },
      });
      assert.equal(peer.extensions.includes("permessage-deflate"), deflate !== false);
      for (const size of [0, 1, 125, 126, 65_535, 65_536, 300_000, MIB, 3 * MIB]) {
        const text = `${size}`.padEnd(size, "words and more ").slice(0, size);
        const back = nextMessage(peer);
        peer.send(text);
        assert.equal(await back, text);
      }
      const back = nextMessage(peer);
      peer.send("over", { fin: false });
      peer.send(" and out", { fin: true });
      assert.equal(await back, "over and out");
      const closed = closing(peer);
      peer.close(4000, "enough");
      assert.deepEqual(await closed, { code: 4000, reason: "enough" });
    });
  });
}

Deno.test("pings, pongs and close frames pass, and both connections end", async () => {
  let taken: Taken | undefined;
  const frames = new Frames({ isMasked: true });
  let isClosed = false;
  const onSocket = (one: Taken): void => {
    taken = one;
    one.socket.on("data", (chunk: Uint8Array) => frames.take(chunk));
    one.socket.once("close", () => void (isClosed = true));
  };
  await withWebSocket({ onSocket }, {}, async (proxy) => {
    const { wire, frames: seen } = await openRaw(proxy);
    wire.say(said(9, "are you there"));
    await until(() => frames.pieces.length === 1);
    taken?.socket.write(answered(10, "are you there"));
    await until(() => seen.pieces.length === 1);
    taken?.socket.write(answered(8, Buffer.from([3, 232])));
    await until(() => seen.closed()?.code === 1000);
    wire.say(said(8, Buffer.from([3, 232])));
    await until(() => frames.closed()?.code === 1000);
    await until(() => isClosed && wire.isClosed);
  });
});

/** Runs with an origin that speaks frames itself, after an agent has opened a WebSocket. */
async function withRaw(
  options: { readonly lines?: string; readonly answer?: string },
  run: (both: {
    readonly agent: Awaited<ReturnType<typeof openRaw>>;
    readonly origin: Duplex;
    readonly heard: Frames;
    readonly logs: readonly string[];
  }) => Promise<void>,
): Promise<void> {
  const { lines = "", answer = "" } = options;
  const taken = Promise.withResolvers<Taken>();
  const mayCompress = answer !== "";
  await withWebSocket({ onSocket: taken.resolve, answer }, {}, async (proxy) => {
    const agent = await openRaw(proxy, { lines, mayCompress });
    const { socket } = await taken.promise;
    const heard = new Frames({ isMasked: true, mayCompress });
    socket.on("data", (chunk: Uint8Array) => heard.take(chunk));
    await run({ agent, origin: socket, heard, logs: proxy.logs });
    agent.wire.destroy();
  });
}

const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
const AGREED = { lines: DEFLATE, answer: DEFLATE };

const HOSTILE: Readonly<Record<string, [Uint8Array, number, object?]>> = {
  "bytes that are no frames": [encoder.encode("first"), 1002],
  "a frame that is not masked": [answered(1, "x"), 1002],
  "text that is no UTF-8": [said(1, Uint8Array.of(0xc3, 0x28)), 1007],
  "text that ends within a character": [said(1, Uint8Array.of(0xe2, 0x82)), 1007],
  "a damaged compressed message": [
    writeFrame({ opcode: 1, isFinal: true, isCompressed: true }, Uint8Array.of(255, 255, 255), {
      isMasked: true,
    }),
    1007,
    AGREED,
  ],
  "a bomb": [
    writeFrame(
      { opcode: 2, isFinal: true, isCompressed: true },
      deflateRawSync(new Uint8Array(100 * MIB)),
      { isMasked: true },
    ),
    1009,
    AGREED,
  ],
  "two compressed streams in one message": [
    writeFrame(
      { opcode: 1, isFinal: true, isCompressed: true },
      Buffer.concat([deflateRawSync("one"), deflateRawSync("two")]),
      { isMasked: true },
    ),
    1007,
    AGREED,
  ],
};

for (const [what, [bytes, code, options = {}]] of Object.entries(HOSTILE)) {
  Deno.test(`${what} from the agent: closed with ${code}, and nothing of it leaves`, async () => {
    await withRaw(options, async ({ agent, heard, logs }) => {
      agent.wire.say(bytes);
      await until(() => agent.frames.closed() !== undefined && heard.closed() !== undefined);
      assert.equal(agent.frames.closed()?.code, code);
      assert.equal(heard.closed()?.code, 1001);
      assert.equal(heard.text(), "");
      await until(() => agent.wire.isClosed);
      await until(() => logs.some((line) => line.includes('"egress_warn"')));
    });
  });
}

Deno.test("hostile frames from the upstream end it as well", async () => {
  for (const bytes of [said(1, "x"), encoder.encode("first"), answered(1, Uint8Array.of(255))]) {
    await withRaw({}, async ({ agent, origin, heard }) => {
      origin.write(bytes);
      await until(() => agent.frames.closed() !== undefined && heard.closed() !== undefined);
      assert.equal(agent.frames.closed()?.code, 1001);
      assert.equal(agent.frames.text(), "");
    });
  }
});

Deno.test("a finished compressed stream is followed by the next message all the same", async () => {
  await withRaw(AGREED, async ({ agent, heard }) => {
    const sent = deflateRawSync("finished. ");
    const options = { isMasked: true };
    for (let round = 0; round < 3; round++) {
      agent.wire.say(writeFrame({ opcode: 1, isFinal: true, isCompressed: true }, sent, options));
    }
    await until(() => heard.text() === "finished. ".repeat(3));
  });
});

Deno.test("only permessage-deflate is offered, and any other answer is refused", async () => {
  const lines = "Sec-WebSocket-Extensions: x-frames, permessage-deflate; x=1\r\n";
  await withWebSocket({ onSocket: () => {}, answer: DEFLATE }, {}, async (proxy) => {
    const { head } = await openRaw(proxy, { lines });
    assert.match(head, /^HTTP\/1\.1 502 /);
  });
  let headers: readonly string[] = [];
  const onSocket = (taken: Taken): void => void (headers = taken.headers);
  await withWebSocket({ onSocket }, {}, async (proxy) => {
    const { head, wire } = await openRaw(proxy, { lines });
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.ok(!/extensions/i.test(head + headers.join()));
    wire.destroy();
  });
});

Deno.test("an end without a word is one for the other side, too", async () => {
  await withRaw({}, async ({ agent, origin }) => {
    agent.wire.say(said(1, "half", false));
    agent.wire.destroy();
    await until(() => origin.destroyed || origin.readableEnded);
  });
  await withRaw({}, async ({ agent, origin }) => {
    origin.write(answered(1, "last"));
    origin.end();
    await until(() => agent.wire.isClosed);
    assert.equal(agent.frames.text(), "last");
    assert.equal(agent.frames.closed(), undefined);
  });
});

Deno.test("who does not read fills no memory", async () => {
  let sent = 0;
  let isStopped = false;
  const onSocket = ({ socket }: Taken): void => {
    const frame = answered(2, new Uint8Array(MIB));
    const more = (): void => {
      while (!isStopped && socket.write(frame)) sent += frame.length;
      sent += frame.length;
      if (!isStopped) socket.once("drain", more);
    };
    more();
  };
  await withWebSocket({ onSocket }, {}, async (proxy) => {
    const agent = await openUnread(proxy);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.ok(sent < 64 * MIB, `${sent} bytes left the origin with nobody reading`);
    const status = await Deno.readTextFile(`/proc/${proxy.pid}/status`);
    assert.ok(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Infinity) < 400 * 1024);
    isStopped = true;
    agent.close();
  });
});

Deno.test("the built-in client of the runtime works as well", async () => {
  await withWebSocket({}, {}, async (proxy) => {
    const client = Deno.createHttpClient({
      proxy: { url: `http://127.0.0.1:${proxy.port}` },
      caCerts: [await Deno.readTextFile(proxy.caFile)],
    });
    const socket = new WebSocket(`wss://${HOST}/`, { client } as never);
    const message = Promise.withResolvers<string>();
    socket.onopen = () => socket.send("hello");
    socket.onmessage = (event) => message.resolve(String(event.data));
    socket.onerror = () => message.reject(new Error("Cannot talk"));
    assert.equal(await message.promise, "hello");
    const closed = new Promise<void>((resolve) => socket.onclose = () => resolve());
    socket.close();
    await closed;
    client.close();
  });
});

Deno.test("a WebSocket in the clear is held to the same", async () => {
  const server = createServer();
  const peers = new WebSocketServer({ server });
  peers.on("connection", (peer) => peer.on("message", (data) => peer.send(`heard ${data}`)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  {
    await using proxy = await startProxy({
      routes: `routes:\n  - host: ${HOST}\n    dlp: { outbound_on_match: block }\n`,
      tokens: { EGRESS_TOKEN_0: TOKEN },
      extraHosts: [{ name: HOST, address: "127.0.0.1", port }],
    });
    const wire = dialProxy(proxy);
    wire.say(
      `GET http://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\n` +
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await wire.settles(() => wire.text().includes("\r\n\r\n"));
    assert.match(wire.text(), /^HTTP\/1\.1 101 /);
    wire.say(said(1, "hello"));
    await until(() => wire.text().endsWith("heard hello"));
    wire.say(said(1, TOKEN));
    await until(() => wire.text().includes("secret_found: known_secrets: EGRESS_TOKEN_0"));
    wire.destroy();
  }
  for (const peer of peers.clients) peer.terminate();
  await new Promise((resolve) => server.close(resolve));
});
