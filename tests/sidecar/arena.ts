import assert from "node:assert/strict";
import { type RawUpstream, startRawUpstream } from "./raw_upstream.ts";
import { type RunningProxy, startProxy } from "./proxy.ts";
import { dialProxy, dialTunnel, type Wire } from "./wire.ts";

/** Reached in the clear, with absolute-form requests. */
export const PLAIN = "plain.example.com";
/** Reached through tunnels; its upstream speaks TLS and HTTP/1.1 alone. */
export const HOST = "api.example.com";

/** Where a request is made: on the proxy's own port, or inside a tunnel. */
export type Channel = "plain" | "tunnel";

/** The real egress process between raw connections and raw upstreams. */
export interface Arena extends AsyncDisposable {
  readonly proxy: RunningProxy;
  readonly plain: RawUpstream;
  readonly secure: RawUpstream;
  upstream(channel: Channel): RawUpstream;
  dial(channel: Channel): Promise<Wire>;
}

/** Starts an arena; more routes are lines of YAML below `routes:`. */
export async function startArena(
  more: {
    readonly routes?: string;
    readonly hosts?: readonly { name: string; address: string; port?: number }[];
  } = {},
): Promise<Arena> {
  const [plain, secure] = await Promise.all([startRawUpstream(), startRawUpstream(HOST)]);
  const proxy = await startProxy({
    routes: `log: 2\nroutes:\n  - host: ${HOST}\n  - host: ${PLAIN}\n${more.routes ?? ""}`,
    upstreamCa: secure.caPem,
    extraHosts: [
      { name: HOST, address: "127.0.0.1", port: secure.port },
      { name: PLAIN, address: "127.0.0.1", port: plain.port },
      ...more.hosts ?? [],
    ],
  });
  return {
    proxy,
    plain,
    secure,
    upstream: (channel) => channel === "plain" ? plain : secure,
    dial: async (channel) =>
      channel === "plain" ? dialProxy(proxy) : await dialTunnel(proxy, { target: `${HOST}:443` }),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await Promise.all([plain[Symbol.asyncDispose](), secure[Symbol.asyncDispose]()]);
    },
  };
}

/** Writes `{T}` (target prefix) and `{H}` (host) of a request for a channel. */
export function fill(text: string, channel: Channel): string {
  const host = channel === "plain" ? PLAIN : HOST;
  return text.replaceAll("{T}", channel === "plain" ? `http://${host}` : "")
    .replaceAll("{H}", host);
}

/** The proxy lives on: the next good request on a new connection is answered. */
export async function assertAlive(arena: Arena, channel: Channel): Promise<void> {
  arena.upstream(channel).forget();
  const wire = await arena.dial(channel);
  wire.say(fill("GET {T}/alive HTTP/1.1\r\nHost: {H}\r\n\r\n", channel));
  await wire.settles(() => wire.text().endsWith("ok"));
  assert.deepEqual(wire.statuses(), [200]);
  assert.deepEqual(arena.upstream(channel).requestLines(), ["GET /alive HTTP/1.1"]);
  wire.destroy();
}

/** Every line is JSON in printable ASCII; gives those that tell of a refusal or a failure. */
export function troubleIn(logs: readonly string[]): Record<string, unknown>[] {
  return logs.flatMap((line) => {
    assert.match(line, /^[\x20-\x7e]*$/);
    const event = JSON.parse(line) as Record<string, unknown>;
    assert.ok(!JSON.stringify(event).includes("\\u00"), line);
    return event.event === "egress_block" || event.event === "egress_warn" ? [event] : [];
  });
}

/** Waits for a block or warning, among the lines from `from` on, whose reason fits; gives it. */
export async function troubleThat(
  arena: Arena,
  from: number,
  fits: RegExp,
): Promise<Record<string, unknown>> {
  const end = Date.now() + 2_000;
  for (;;) {
    const trouble = troubleIn(arena.proxy.logs.slice(from));
    const found = trouble.find((event) => fits.test(String(event.reason)));
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`Cannot find ${fits}: ${JSON.stringify(trouble)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** An attack over HTTP/1.1 and what has to come of it, on every channel. */
export interface Attack {
  /** With `{T}` and `{H}`. */
  readonly say: string;
  /** Statuses that the client gets, in order. */
  readonly gets: readonly number[];
  /** First lines of what the upstream gets; nothing unless given. */
  readonly upstream?: readonly string[];
  /** What the reason of a logged block or warning says; none is expected for `null`. */
  readonly logged: RegExp | null;
  /** Looks at the bytes that the upstream got. */
  readonly check?: (text: string, wire: Wire) => void;
}

/** Makes one attack on one channel. */
export async function attack(arena: Arena, channel: Channel, one: Attack): Promise<void> {
  const upstream = arena.upstream(channel);
  upstream.forget();
  const logged = arena.proxy.logs.length;
  const wire = await arena.dial(channel);
  const isMore = (): boolean => wire.statuses().length > one.gets.length;
  wire.say(fill(one.say, channel));
  const got = (): boolean => wire.statuses().length >= one.gets.length;
  await wire.settles(got);
  // What must not happen has a moment to happen.
  await wire.settles(isMore, 60);
  const { upstream: expected = [] } = one;
  assert.deepEqual(wire.statuses(), one.gets);
  assert.deepEqual(upstream.requestLines(), expected);
  one.check?.(upstream.text(), wire);
  wire.destroy();
  if (one.logged !== null) await troubleThat(arena, logged, one.logged);
  else assert.deepEqual(troubleIn(arena.proxy.logs.slice(logged)), []);
  await assertAlive(arena, channel);
}

/** Makes a table of attacks on both channels, each as a step. */
export async function attackAll(
  step: Deno.TestContext,
  arena: Arena,
  attacks: Readonly<Record<string, Attack>>,
): Promise<void> {
  for (const [what, one] of Object.entries(attacks)) {
    for (const channel of ["plain", "tunnel"] as const) {
      await step.step(`${what} (${channel})`, () => attack(arena, channel, one));
    }
  }
}
