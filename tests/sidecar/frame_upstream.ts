import { HOST } from "./arena.ts";
import { FLAG, FRAME, frame, framesIn } from "./frames.ts";
import { type RunningProxy, startProxy } from "./proxy.ts";
import { type Arrival, type RawUpstream, startRawUpstream } from "./raw_upstream.ts";

const PREFACE_LENGTH = 24;

/** The streams on which an upstream was asked something whole so far. */
function asked(arrival: Arrival): number[] {
  const frames = framesIn(Buffer.from(arrival.text, "latin1").subarray(PREFACE_LENGTH));
  const streams = frames.filter(({ type }) => type === FRAME.headers).map(({ stream }) => stream);
  return streams.filter((stream) =>
    frames.some((one) => one.stream === stream && (one.flags & FLAG.end) === 1)
  );
}

/** Answers one whole request with frames. */
export type FrameScript = (arrival: Arrival, stream: number) => void;

/** A proxy before an upstream of HTTP/2 frames; each connection has a script of its own. */
export async function withFrameUpstream(
  scripts: readonly FrameScript[],
  run: (proxy: RunningProxy, upstream: RawUpstream) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
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
      if (done.has(key)) continue;
      done.add(key);
      scripts[place]?.(arrival, stream);
    }
  };
  await using proxy = await startProxy({
    routes: `log: 2\nroutes:\n  - host: ${HOST}\n`,
    upstreamCa: upstream.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: upstream.port }],
    environment,
  });
  await run(proxy, upstream);
}
