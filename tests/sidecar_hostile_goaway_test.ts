import assert from "node:assert/strict";
import { HOST, troubleIn } from "./sidecar/arena.ts";
import { FLAG, FRAME, frame, framesIn } from "./sidecar/frames.ts";
import { curl, type RunningProxy, startProxy } from "./sidecar/proxy.ts";
import { type Arrival, type RawUpstream, startRawUpstream } from "./sidecar/raw_upstream.ts";

const PREFACE_LENGTH = 24;
/** `:status: 200` of the static table. */
const STATUS_200 = Uint8Array.of(0x88);

/** The streams on which an upstream was asked something so far. */
function asked(arrival: Arrival): number[] {
  const bytes = Buffer.from(arrival.text, "latin1").subarray(PREFACE_LENGTH);
  return framesIn(bytes).filter(({ type }) => type === FRAME.headers).map(({ stream }) => stream);
}

/** Has the whole request come, body included? */
function isWhole(arrival: Arrival, stream: number): boolean {
  const bytes = Buffer.from(arrival.text, "latin1").subarray(PREFACE_LENGTH);
  return framesIn(bytes).some((one) => one.stream === stream && (one.flags & FLAG.end) === 1);
}

function goaway(last: number): Uint8Array {
  return frame(FRAME.goaway, 0, 0, Uint8Array.of(0, 0, 0, last, 0, 0, 0, 0));
}

/** An upstream of HTTP/2 frames; each connection does what its place in the list says. */
async function withUpstream(
  scripts: readonly ((arrival: Arrival, stream: number) => void)[],
  run: (proxy: RunningProxy, upstream: RawUpstream) => Promise<void>,
): Promise<void> {
  await using upstream = await startRawUpstream(HOST, "h2");
  const greeted = new Set<Arrival>();
  const done = new Set<string>();
  upstream.script = (arrival) => {
    if (!greeted.has(arrival)) arrival.socket.write(frame(FRAME.settings, 0, 0));
    greeted.add(arrival);
    const place = upstream.arrivals.indexOf(arrival);
    for (const stream of asked(arrival)) {
      const key = `${place} ${stream}`;
      if (done.has(key) || !isWhole(arrival, stream)) continue;
      done.add(key);
      scripts[place]?.(arrival, stream);
    }
  };
  await using proxy = await startProxy({
    routes: `log: 2\nroutes:\n  - host: ${HOST}\n`,
    upstreamCa: upstream.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: upstream.port }],
  });
  await run(proxy, upstream);
}

function answerOk(arrival: Arrival, stream: number): void {
  arrival.socket.write(frame(FRAME.headers, FLAG.head, stream, STATUS_200));
  arrival.socket.write(frame(FRAME.data, FLAG.end, stream, Buffer.from("ok")));
}

function refuse(arrival: Arrival, stream: number): void {
  arrival.socket.write(frame(FRAME.reset, 0, stream, Uint8Array.of(0, 0, 0, 7)));
}

const URL_OF_IT = `https://${HOST}/first`;

for (const body of [[], ["-d", "hello"]]) {
  const what = body.length === 0 ? "GET" : "POST";

  Deno.test(`a ${what} that a GOAWAY says was not looked at is sent again`, async () => {
    const scripts = [
      (arrival: Arrival) => void arrival.socket.end(goaway(0)),
      answerOk,
    ];
    await withUpstream(scripts, async (proxy, upstream) => {
      const { out } = await curl(proxy, "--http2", ...body, "-w", " %{http_code}", URL_OF_IT);
      assert.equal(out, "ok 200");
      assert.equal(upstream.arrivals.length, 2);
      assert.deepEqual(troubleIn(proxy.logs), []);
    });
  });

  Deno.test(`a ${what} that the upstream refuses is sent again, once`, async () => {
    await withUpstream([refuse, refuse, answerOk], async (proxy, upstream) => {
      const { out } = await curl(proxy, "--http2", ...body, "-w", " %{http_code}", URL_OF_IT);
      assert.match(out, /upstream_failed[\s\S]* 502$/);
      assert.equal(upstream.arrivals.length, 2);
    });
  });

  Deno.test(`a ${what} that may have been served is not sent again`, async () => {
    const scripts = [(arrival: Arrival) => void arrival.socket.end(goaway(1)), answerOk];
    await withUpstream(scripts, async (proxy, upstream) => {
      const { out } = await curl(proxy, "--http2", ...body, "-w", " %{http_code}", URL_OF_IT);
      assert.match(out, /upstream_failed[\s\S]* 502$/);
      assert.equal(upstream.arrivals.length, 1);
    });
  });
}

Deno.test("requests after a GOAWAY go on a new connection", async () => {
  const scripts = [
    (arrival: Arrival, stream: number) => {
      answerOk(arrival, stream);
      arrival.socket.write(goaway(stream));
    },
    answerOk,
  ];
  await withUpstream(scripts, async (proxy, upstream) => {
    const { out } = await curl(proxy, "--http2", URL_OF_IT, URL_OF_IT);
    assert.equal(out, "okok");
    assert.equal(upstream.arrivals.length, 2);
  });
});
