import assert from "node:assert/strict";
import { HOST, troubleIn } from "./sidecar/arena.ts";
import { type FrameScript, withFrameUpstream } from "./sidecar/frame_upstream.ts";
import { block, type Field, FLAG, FRAME, frame } from "./sidecar/frames.ts";
import { curl, until } from "./sidecar/proxy.ts";
import type { Arrival } from "./sidecar/raw_upstream.ts";

const OK: Field = [":status", "200"];

/** What an upstream of HTTP/2 does to a GET, and what the agent sees of it. */
interface Answer {
  readonly says: (stream: number) => readonly Uint8Array[];
  readonly then?: "breaks";
  /** What curl prints: headers, body, and ` <status>` at the end. */
  readonly out: RegExp;
  /** Does the agent see a regular end? Absent: of a refusal alone. */
  readonly isWhole?: boolean;
  readonly logged?: RegExp;
  readonly check?: (out: string) => void;
}

function head(stream: number, fields: readonly Field[], flags = 0): Uint8Array {
  return frame(FRAME.headers, FLAG.head | flags, stream, block(fields));
}

function data(stream: number, text: string, flags: number = FLAG.end): Uint8Array {
  return frame(FRAME.data, flags, stream, Buffer.from(text));
}

const FAILED = { out: / 502$/, isWhole: true, logged: /^upstream_failed: / };
/** What breaks off before anything was sent on is told; later it can only be cut. */
const CUT = { out: / (?:200|502)$/, logged: /^(?:aborted|upstream_failed): / };

const ANSWERS: Readonly<Record<string, Answer>> = {
  "interim answers without end": {
    says: (stream) => Array.from({ length: 100 }, () => head(stream, [[":status", "103"]])),
    ...FAILED,
  },
  "an upgrade": { says: (stream) => [head(stream, [[":status", "101"]], FLAG.end)], ...FAILED },
  "no status": { says: (stream) => [head(stream, [["x", "y"]], FLAG.end)], ...FAILED },
  "a status of two digits": { says: (stream) => [head(stream, [[":status", "20"]])], ...FAILED },
  "two statuses": { says: (stream) => [head(stream, [OK, OK], FLAG.end)], ...FAILED },
  "a header of connections": {
    says: (stream) => [head(stream, [OK, ["transfer-encoding", "chunked"]]), data(stream, "ok")],
    ...FAILED,
  },
  "capitals in a name": {
    says: (stream) => [head(stream, [OK, ["X", "y"]]), data(stream, "ok")],
    ...FAILED,
  },
  "a pushed request": {
    says: (stream) => [
      // Acknowledges the proxy's settings, which allow none.
      frame(FRAME.settings, 1, 0),
      frame(5, FLAG.head, stream, Uint8Array.of(0, 0, 0, 2, 0x82, 0x84, 0x87)),
    ],
    ...FAILED,
  },
  "more than 200 headers": {
    says: (stream) => [
      head(stream, [OK, ...Array.from({ length: 230 }, (_, at): Field => [`x-${at}`, "y"])]),
      data(stream, "ok"),
    ],
    ...FAILED,
  },
  "headers without end": {
    says: (stream) => [
      frame(FRAME.headers, 0, stream, block([OK])),
      ...Array.from(
        { length: 100 },
        () => frame(FRAME.continuation, 0, stream, block([["x", "y"]])),
      ),
    ],
    ...FAILED,
  },
  "data before any headers": { says: (stream) => [data(stream, "ok")], ...FAILED },
  "a frame of no size that is allowed": {
    says: (stream) => [frame(FRAME.data, 0, stream, new Uint8Array(100_000))],
    ...FAILED,
  },
  "a body shorter than its length": {
    says: (stream) => [head(stream, [OK, ["content-length", "9"]]), data(stream, "hello")],
    ...CUT,
  },
  "a body longer than its length": {
    says: (stream) => [head(stream, [OK, ["content-length", "2"]]), data(stream, "hello")],
    ...CUT,
  },
  "a reset in the middle of a body": {
    says: (stream) => [
      head(stream, [OK]),
      data(stream, "hello", 0),
      frame(FRAME.reset, 0, stream, Uint8Array.of(0, 0, 0, 2)),
    ],
    ...CUT,
  },
  "an end of the connection in the middle of a body": {
    says: (stream) => [head(stream, [OK]), data(stream, "hello", 0)],
    then: "breaks",
    ...CUT,
  },
  "line breaks in values, which are dropped": {
    says: (stream) => [
      head(stream, [OK, ["x", "a\r\nset-cookie: b"], ["y", "a\nb"], ["z", "a\0b"]]),
      data(stream, "ok"),
    ],
    out: /ok 200$/,
    isWhole: true,
    check: (out) => assert.doesNotMatch(out, /set-cookie|^[xyz]:/im),
  },
};

function scriptOf(one: Answer): FrameScript {
  return (arrival: Arrival, stream: number) => {
    for (const bytes of one.says(stream)) arrival.socket.write(bytes);
    if (one.then === "breaks") setTimeout(() => arrival.socket.destroy(), 30);
  };
}

for (const [what, one] of Object.entries(ANSWERS)) {
  Deno.test(`an HTTP/2 upstream that sends ${what}`, async () => {
    // A second connection would tell of a request that is sent twice.
    await withFrameUpstream([scriptOf(one), scriptOf(one)], async (proxy, upstream) => {
      const shown = ["--http2", "-m", "5", "-D", "-", "-w", " %{http_code}"];
      const { code, out } = await curl(proxy, ...shown, `https://${HOST}/first`);
      assert.match(out, one.out);
      const isWhole = one.isWhole ?? out.endsWith(" 502");
      assert.equal(code === 0, isWhole, `curl ended with ${code}`);
      assert.equal(upstream.arrivals.length, 1);
      one.check?.(out);
      const reasons = (): string[] => troubleIn(proxy.logs).map(({ reason }) => String(reason));
      const { logged } = one;
      if (logged === undefined) assert.deepEqual(reasons(), []);
      else await until(() => reasons().some((reason) => logged.test(reason)));
    });
  });
}
