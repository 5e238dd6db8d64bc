import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { HOST } from "./sidecar/arena.ts";
import { block, type Field, FLAG, FRAME, frame, framesIn, PREFACE } from "./sidecar/frames.ts";
import { startProxy, until } from "./sidecar/proxy.ts";
import { startRawUpstream } from "./sidecar/raw_upstream.ts";
import { dialTunnel, type Wire } from "./sidecar/wire.ts";

function get(stream: number, path: string): Uint8Array {
  const fields: Field[] = [
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", HOST],
    [":path", path],
  ];
  return frame(FRAME.headers, FLAG.head | FLAG.end, stream, block(fields));
}

/** Accepts connections at once and hands them on when it is opened. */
async function startBarrier(port: number): Promise<
  AsyncDisposable & {
    readonly port: number;
    waiting(): number;
    open(): void;
  }
> {
  const held: Socket[] = [];
  const all: Socket[] = [];
  let isOpen = false;
  const join = (socket: Socket): void => {
    const on = connect(port, "127.0.0.1");
    on.on("error", () => socket.destroy()).once("close", () => socket.destroy());
    socket.once("close", () => on.destroy());
    socket.pipe(on).pipe(socket);
  };
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    all.push(socket);
    if (isOpen) join(socket);
    else held.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === "object" ? address.port : 0,
    waiting: () => held.length,
    open: () => {
      isOpen = true;
      for (const socket of held.splice(0)) join(socket);
    },
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of all) socket.destroy();
      }),
  };
}

const SETTINGS = frame(FRAME.settings, 0, 0);

for (const protocol of ["http/1.1", "h2"]) {
  Deno.test(`what an agent leaves while its upstream is dialled is never sent (${protocol})`, async () => {
    await using upstream = await startRawUpstream(HOST, protocol);
    await using barrier = await startBarrier(upstream.port);
    await using proxy = await startProxy({
      routes: `log: 2\nroutes:\n  - host: ${HOST}\n`,
      upstreamCa: upstream.caPem,
      extraHosts: [{ name: HOST, address: "127.0.0.1", port: barrier.port }],
    });
    upstream.script = (arrival) => {
      if (protocol === "h2" && arrival.text.length < 100) arrival.socket.write(SETTINGS);
    };
    const open = (): Promise<Wire> => dialTunnel(proxy, { target: `${HOST}:443`, alpn: ["h2"] });
    const leaver = await open();
    leaver.say(Buffer.concat([PREFACE, get(1, "/left"), get(3, "/left")]));
    await until(() => barrier.waiting() > 0);
    leaver.destroy();
    // By the time when this one has its tunnel the proxy has heard of the other's end.
    const stayer = await open();
    stayer.say(Buffer.concat([PREFACE, get(1, "/stays")]));
    await until(() => proxy.logs.some((line) => line.includes("/stays")));
    barrier.open();
    const sent = (): number => requestsIn(upstream.text(), protocol);
    await until(() => sent() > 0);
    const left = (): number =>
      proxy.logs.filter((line) => /aborted: the agent went away/.test(line)).length;
    await until(() => left() === 2);
    assert.equal(sent(), 1);
    stayer.destroy();
  });
}

/** Requests that came, whole or not; those of HTTP/2 are not unpacked. */
function requestsIn(text: string, protocol: string): number {
  if (protocol !== "h2") return text.match(/^GET /gm)?.length ?? 0;
  const all = Buffer.from(text, "latin1");
  const from = all.indexOf("SM\r\n\r\n");
  if (from < 0) return 0;
  return framesIn(all.subarray(from + 6)).filter(({ type }) => type === FRAME.headers).length;
}
