import assert from "node:assert/strict";
import { HOST, troubleIn } from "./sidecar/arena.ts";
import { withFrameUpstream } from "./sidecar/frame_upstream.ts";
import { FLAG, FRAME, frame } from "./sidecar/frames.ts";
import { curl } from "./sidecar/proxy.ts";
import type { Arrival } from "./sidecar/raw_upstream.ts";

/** `:status: 200` of the static table. */
const STATUS_200 = Uint8Array.of(0x88);

function goaway(last: number): Uint8Array {
  return frame(FRAME.goaway, 0, 0, Uint8Array.of(0, 0, 0, last, 0, 0, 0, 0));
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
    await withFrameUpstream(scripts, async (proxy, upstream) => {
      const { out } = await curl(proxy, "--http2", ...body, "-w", " %{http_code}", URL_OF_IT);
      assert.equal(out, "ok 200");
      assert.equal(upstream.arrivals.length, 2);
      assert.deepEqual(troubleIn(proxy.logs), []);
    });
  });

  Deno.test(`a ${what} that the upstream refuses is sent again, once`, async () => {
    await withFrameUpstream([refuse, refuse, answerOk], async (proxy, upstream) => {
      const { out } = await curl(proxy, "--http2", ...body, "-w", " %{http_code}", URL_OF_IT);
      assert.match(out, /upstream_failed[\s\S]* 502$/);
      assert.equal(upstream.arrivals.length, 2);
    });
  });

  Deno.test(`a ${what} that may have been served is not sent again`, async () => {
    const scripts = [(arrival: Arrival) => void arrival.socket.end(goaway(1)), answerOk];
    await withFrameUpstream(scripts, async (proxy, upstream) => {
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
  await withFrameUpstream(scripts, async (proxy, upstream) => {
    const { out } = await curl(proxy, "--http2", URL_OF_IT, URL_OF_IT);
    assert.equal(out, "okok");
    assert.equal(upstream.arrivals.length, 2);
  });
});
