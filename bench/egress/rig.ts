import { createTestAuthority } from "../../tests/doubles/tls.ts";
import { Child } from "./child.ts";
import { HOST, type Load, type Measured, type Report, type Target } from "./load.ts";
import { findMitmproxy, startMitmproxy } from "./mitmproxy.ts";
import { hasNode, startNpmProxy } from "./npm_proxy.ts";
import { startOurs } from "./ours.ts";

/** A proxy that is measured. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** PEM of what signs the certificates that it shows. */
  readonly caPem: string;
}

/** What a proxy needs to know of the server behind it. */
export interface Upstream {
  readonly port: number;
  readonly caPem: string;
  /** A file with `caPem`. */
  readonly caFile: string;
  /** For what is to be removed at the end. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** The longest that one load may take before the run is given up. */
const LOAD_MS = 90_000;

/** The names under which rows show what was measured. */
export type Side = "ours" | "mitmproxy" | "http-mitm-proxy" | "direct";

/** One way from the client to the origin. */
export interface Lane {
  readonly side: Side;
  readonly target: Target;
  /** Absent for the direct way. */
  readonly pid?: number;
}

/** Origin, proxies and client, each a process of its own. */
export class Rig implements AsyncDisposable {
  readonly lanes: readonly Lane[];
  readonly #client: Child;
  readonly #release: AsyncDisposableStack;
  readonly #signal: AbortSignal;

  private constructor(
    lanes: readonly Lane[],
    rest: { client: Child; release: AsyncDisposableStack; signal: AbortSignal },
  ) {
    this.lanes = lanes;
    this.#client = rest.client;
    this.#release = rest.release;
    this.#signal = rest.signal;
  }

  /** Starts what the sides need; a peer that is not installed is left out. */
  static async start(sides: readonly Side[], signal: AbortSignal): Promise<Rig> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "bot-bottle-bench-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const authority = await createTestAuthority();
    const caFile = `${folder}/origin.pem`;
    await Deno.writeTextFile(caFile, authority.certPem);
    const input = JSON.stringify(await authority.issue(HOST));
    const origin = stack.use(await Child.module("origin_process.ts", { args: [], input }));
    const port = Number(await origin.line(signal));
    const upstream: Upstream = { port, caPem: authority.certPem, caFile, folder, signal };
    const lanes: Lane[] = [];
    const trusted = [authority.certPem];
    for (const side of sides) {
      const { start, isInstalled } = STARTERS[side];
      if (!await isInstalled()) continue;
      const proxy = await start(upstream);
      if (proxy === undefined) {
        lanes.push({ side, target: { originPort: port } });
        continue;
      }
      stack.use(proxy);
      lanes.push({ side, target: { originPort: port, proxyPort: proxy.port }, pid: proxy.pid });
      trusted.push(proxy.caPem);
    }
    const bundle = `${folder}/trusted.pem`;
    await Deno.writeTextFile(bundle, trusted.join("\n"));
    const client = stack.use(
      await Child.module("client_process.ts", { args: [`--cert=${bundle}`] }),
    );
    return new Rig(lanes, { client, release: stack.move(), signal });
  }

  /** Puts a load on one lane. Rejects when any answer was not as it should be. */
  async measure(lane: Lane, load: Load): Promise<Measured> {
    await this.#client.write(`${JSON.stringify({ target: lane.target, load })}\n`);
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(LOAD_MS)]);
    const report = JSON.parse(await this.#client.line(signal)) as Report;
    if ("measured" in report) return report.measured;
    throw new Error(`Cannot measure ${load.kind} of ${lane.side}: ${report.error}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#release.disposeAsync();
  }
}

interface Starter {
  isInstalled(): Promise<boolean>;
  /** Undefined where there is no proxy between. */
  start(upstream: Upstream): Promise<Proxy | undefined>;
}

const always = (): Promise<boolean> => Promise.resolve(true);
const STARTERS: Readonly<Record<Side, Starter>> = {
  "ours": { isInstalled: always, start: startOurs },
  "mitmproxy": {
    isInstalled: async () => await findMitmproxy() !== undefined,
    start: startMitmproxy,
  },
  "http-mitm-proxy": { isInstalled: hasNode, start: startNpmProxy },
  "direct": { isInstalled: always, start: () => Promise.resolve(undefined) },
};
