import assert from "node:assert/strict";
import { HOST } from "./sidecar/arena.ts";
import { type FrameScript, withFrameUpstream } from "./sidecar/frame_upstream.ts";
import { block, type Field, FLAG, FRAME, frame, framesIn, PREFACE } from "./sidecar/frames.ts";
import { curl, type RunningProxy, startProxy, until } from "./sidecar/proxy.ts";
import { dialTunnel, type Wire } from "./sidecar/wire.ts";

const ROUTES = `routes:\n  - host: ${HOST}\n    matches: [{ paths: [{ value: /elsewhere }] }]\n`;
/** Memory that is given back is overwritten (mallopt(3)), so that to read on in it cannot go well. */
const OVERWRITE = Object.freeze({ MALLOC_PERTURB_: "165" });
/** `:status: 200` of the static table. */
const STATUS_200 = Uint8Array.of(0x88);

function goaway(code: number): Uint8Array {
  return frame(FRAME.goaway, 0, 0, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, code));
}

function post(stream: number): Uint8Array {
  const fields: Field[] = [
    [":method", "POST"],
    [":scheme", "https"],
    [":authority", HOST],
    [":path", "/refused"],
  ];
  return frame(FRAME.headers, FLAG.head, stream, block(fields));
}

function body(stream: number): Uint8Array {
  return frame(FRAME.data, FLAG.end, stream, Buffer.from("some text"));
}

function reset(stream: number): Uint8Array {
  return frame(FRAME.reset, 0, stream, Uint8Array.of(0, 0, 0, 8));
}

const PING = frame(FRAME.ping, 0, 0, new Uint8Array(8));

/** Says something on a connection of HTTP/2 once a request on it was refused, and leaves. */
async function refusedThen(proxy: RunningProxy, last: Uint8Array): Promise<void> {
  const wire = await dialTunnel(proxy, { target: `${HOST}:443`, alpn: ["h2"] });
  wire.say(Buffer.concat([PREFACE, post(1), body(1)]));
  await wire.settles(() => isAnswered(wire), 10_000);
  assert.ok(isAnswered(wire), "the request was not answered");
  wire.say(last);
  await wire.settles(() => false, 10_000);
  assert.ok(wire.isClosed, "the proxy did not leave");
  wire.destroy();
}

function isAnswered(wire: Wire): boolean {
  return framesIn(Buffer.concat(wire.received)).some(({ type, flags, stream }) =>
    stream === 1 && type === FRAME.data && (flags & FLAG.end) !== 0
  );
}

/** The process that was started serves still. */
async function assertLives(proxy: RunningProxy): Promise<void> {
  Deno.kill(proxy.pid, "SIGHUP");
  const { out } = await curl(proxy, "--http2", "-w", " %{http_code}", `https://${HOST}/refused`);
  assert.match(out, / 403$/);
  assert.deepEqual(proxy.logs.filter((line) => !line.startsWith("{")), []);
}

const ENDS: Readonly<Record<string, Uint8Array>> = {
  "in good order": goaway(0),
  "in good order, with frames behind that": Buffer.concat([
    goaway(0),
    PING,
    post(3),
    body(3),
    post(5),
  ]),
  "with an error": goaway(1),
  "with an error and frames behind that": Buffer.concat([goaway(2), post(3), body(3)]),
  "with requests that it resets at once": Buffer.concat([
    ...[3, 5, 7, 9].flatMap((stream) => [post(stream), body(stream), reset(stream)]),
    goaway(0),
  ]),
  "with a frame that breaks the protocol": frame(FRAME.window, 0, 0, new Uint8Array(4)),
  "with a flood in one piece": Buffer.concat([
    ...Array.from({ length: 1_500 }, () => PING),
    post(3),
    body(3),
  ]),
};

Deno.test("no way in which HTTP/2 clients leave ends the process", async (step) => {
  await using proxy = await startProxy({ routes: ROUTES, environment: OVERWRITE });
  for (const [how, last] of Object.entries(ENDS)) {
    await step.step(how, async () => {
      const client = async (): Promise<void> => {
        for (let count = 0; count < 10; count++) await refusedThen(proxy, last);
      };
      await Promise.all([client(), client(), client(), client()]);
      await assertLives(proxy);
    });
  }
});

Deno.test("no way in which HTTP/2 upstreams leave ends the process", async (step) => {
  const lasts: Readonly<Record<string, Uint8Array>> = {
    "in good order": goaway(0),
    "with an error": goaway(1),
    "with frames behind that": Buffer.concat([goaway(0), PING, PING]),
    "with a frame that breaks the protocol": frame(FRAME.window, 0, 0, new Uint8Array(4)),
  };
  for (const [how, last] of Object.entries(lasts)) {
    await step.step(how, async () => {
      const script: FrameScript = ({ socket }, stream) => {
        socket.write(frame(FRAME.headers, FLAG.head, stream, STATUS_200));
        socket.write(frame(FRAME.data, FLAG.end, stream, Buffer.from("ok")));
        // Once the connection lies idle.
        setTimeout(() => socket.write(last), 20);
      };
      const times = 10;
      await withFrameUpstream(
        Array.from({ length: times }, () => script),
        async (proxy, upstream) => {
          for (let count = 1; count <= times; count++) {
            const { out } = await curl(proxy, "--http2", `https://${HOST}/first`);
            assert.equal(out, "ok");
            await until(() => upstream.open() === 0);
            assert.equal(upstream.arrivals.length, count);
          }
          assert.deepEqual(proxy.logs.filter((line) => !line.startsWith("{")), []);
        },
        OVERWRITE,
      );
    });
  }
});
