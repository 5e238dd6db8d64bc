import { Child } from "./child.ts";
import { HOST } from "./load.ts";
import { SECRET } from "./ours.ts";
import type { Proxy, Upstream } from "./rig.ts";

const COMMAND = "mitmdump";
/** A body over this is passed on as it comes, as in ours. */
const WHOLE = "1m";
const START_MS = 20_000;

/** How to get it. */
export const MITMPROXY_HINT = "mitmdump is not installed: apt-get install mitmproxy (8.1 or later)";

/** The installed version, or undefined without one. */
export async function findMitmproxy(): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(COMMAND, { args: ["--version"] }).output();
    return /^Mitmproxy: (.+)$/m.exec(new TextDecoder().decode(stdout))?.[1];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** mitmproxy with the addon that does the same checks. */
export async function startMitmproxy(upstream: Upstream): Promise<Proxy> {
  const { folder, signal } = upstream;
  const home = `${folder}/mitmproxy`;
  const settings = `${folder}/mitmproxy.json`;
  await Deno.writeTextFile(
    settings,
    JSON.stringify({ host: HOST, originPort: upstream.port, secret: SECRET }),
  );
  const port = freePort();
  const set = Object.entries({
    confdir: home,
    listen_host: "127.0.0.1",
    listen_port: String(port),
    stream_large_bodies: WHOLE,
    ssl_verify_upstream_trusted_ca: upstream.caFile,
    // Otherwise each connection would wait for the origin's certificate first.
    connection_strategy: "lazy",
    upstream_cert: "false",
    flow_detail: "0",
    termlog_verbosity: "error",
  }).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  const addon = new URL("mitmproxy_addon.py", import.meta.url).pathname;
  const child = await Child.start(COMMAND, {
    args: ["--quiet", "--scripts", addon, ...set],
    env: { BENCH_SETTINGS: settings, PYTHONDONTWRITEBYTECODE: "1" },
  });
  try {
    await listening(port, signal);
    return {
      port,
      pid: child.pid,
      caPem: await Deno.readTextFile(`${home}/mitmproxy-ca-cert.pem`),
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function listening(port: number, signal: AbortSignal): Promise<void> {
  const end = Date.now() + START_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
