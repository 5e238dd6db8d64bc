import { createBottleCa } from "../../host/launch/ca.ts";
import type { EgressService, ExtraHost } from "../../policy/wire/launch.ts";
import { eachLine } from "../../sidecar/lines.ts";
import { IN_IMAGE } from "../../sidecar/placement.ts";
import { egressProcess } from "../../sidecar/services.ts";
import { spawnService } from "../../sidecar/supervisor.ts";

/** What a proxy under test is started with. */
export interface ProxySetup {
  /** Text of routes.yaml. */
  readonly routes: string;
  readonly extraHosts?: readonly ExtraHost[];
  readonly tokens?: Readonly<Record<string, string>>;
  readonly upstreamCa?: string;
  /** Folder of a proposal queue, and how long a request waits for an answer, in seconds. */
  readonly queue?: { readonly folder: string; readonly timeoutSeconds: number };
  /** Variables that the process has besides those of the runtime. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The real egress process with its real permissions, on loopback. */
export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Path of the bottle's authority, PEM. */
  readonly caFile: string;
  /** Every line that it logged so far. */
  readonly logs: string[];
  writeRoutes(text: string): Promise<void>;
  reload(): void;
}

/** Starts the egress process as the sidecar's init does, but as this account. */
export async function startProxy(setup: ProxySetup): Promise<RunningProxy> {
  const folder = await Deno.makeTempDir({ prefix: "bot-bottle-proxy-" });
  const routesPath = `${folder}/routes.yaml`;
  const caFile = `${folder}/ca.pem`;
  const ca = await createBottleCa("test-abcde");
  await Promise.all([
    Deno.writeTextFile(routesPath, setup.routes),
    Deno.writeTextFile(caFile, ca.certPem),
  ]);
  const { extraHosts = [], tokens = {}, upstreamCa = "", queue } = setup;
  const queuePath = queue?.folder ?? `${folder}/no-queue`;
  const placement = { ...IN_IMAGE, address: "127.0.0.1", egressPort: 0, routesPath, queuePath };
  const spec = egressProcess(placement, extraHosts.map((host) => host.address));
  const { environment = {} } = setup;
  const child = spawnService(spec, { dropPrivileges: false, environment });
  const service: EgressService = {
    bottle: "test-abcde",
    tokens: { ...tokens },
    caCert: ca.certPem,
    caKey: ca.keyPem.reveal(),
    upstreamCa,
    extraHosts: [...extraHosts],
    ...(queue && { hold: { timeoutSeconds: queue.timeoutSeconds } }),
  };
  const logs: string[] = [];
  const listening = Promise.withResolvers<number>();
  const outputs = [
    eachLine(child.stdout, (line) => listening.resolve(Number(line.split(" ")[1]))),
    eachLine(child.stderr, (line) => void logs.push(line)),
  ];
  let isDisposed = false;
  child.status.then((status) => {
    // Whoever fails because it is gone shows this.
    if (!isDisposed) logs.push(JSON.stringify({ event: "proxy_ended", ...status }));
    listening.reject(new Error(`the proxy ended: ${logs.join("\n")}`));
  });
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(service)));
  await writer.close();
  const port = await listening.promise;
  return {
    port,
    pid: child.pid,
    caFile,
    logs,
    writeRoutes: (text) => Deno.writeTextFile(routesPath, text),
    reload: () => child.kill("SIGHUP"),
    [Symbol.asyncDispose]: async () => {
      isDisposed = true;
      try {
        child.kill("SIGKILL");
      } catch {
        // It ended by itself, which its test noticed.
      }
      await Promise.all([child.status, ...outputs]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What curl said. */
export interface CurlResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the real curl through the proxy. */
export async function curl(
  proxy: { readonly port: number; readonly caFile: string },
  ...args: readonly string[]
): Promise<CurlResult> {
  const base = [
    "-sS",
    "-m",
    "20",
    "--cacert",
    proxy.caFile,
    "-x",
    `http://127.0.0.1:${proxy.port}`,
  ];
  const { code, stdout, stderr } = await new Deno.Command("curl", { args: [...base, ...args] })
    .output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Waits until a condition holds; the test's own time limit ends it otherwise. */
export async function until(holds: () => boolean, limitMs = 5_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error("Cannot go on: what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Says something to a TCP port as it is, and collects the answer until the other end closes. */
export async function rawExchange(port: number, text: string, waitMs = 1_000): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), waitMs);
  let answer = "";
  try {
    await connection.write(new TextEncoder().encode(text));
    const decoder = new TextDecoder();
    for await (const chunk of connection.readable) answer += decoder.decode(chunk);
    clearTimeout(timer);
  } catch {
    // Closed by the timer: what came until then is the answer.
  }
  return answer;
}
