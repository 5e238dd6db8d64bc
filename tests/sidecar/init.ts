import { createBottleCa } from "../../host/launch/ca.ts";
import { eachLine } from "../../sidecar/lines.ts";
import { READY_LINE, type SidecarLaunch } from "../../policy/wire/launch.ts";

/** A sidecar's init that runs on loopback under this account. */
export interface RunningInit extends AsyncDisposable {
  readonly pid: number;
  readonly egressPort: number;
  readonly dnsPort: number;
  readonly routesPath: string;
  readonly logs: string[];
  /** Resolves at the ready line, rejects when the init ends before it. */
  readonly ready: Promise<void>;
  readonly status: Promise<Deno.CommandStatus>;
  signal(signal: Deno.Signal): void;
}

/** A complete launch document; parts may be replaced. */
export async function launchDocument(parts: Partial<SidecarLaunch> = {}): Promise<SidecarLaunch> {
  const ca = await createBottleCa("test-abcde");
  return {
    version: 1,
    bottle: "test-abcde",
    services: ["egress", "dns"],
    egress: {
      routes: "log: 2\nroutes:\n  - host: api.example.com\n",
      tokens: { EGRESS_TOKEN_0: "tok-SECRET-0" },
      caCert: ca.certPem,
      caKey: ca.keyPem.reveal(),
      upstreamCa: "",
      extraHosts: [],
    },
    dns: { address: "127.0.0.1" },
    mustNotAnswer: "",
    ...parts,
  };
}

/** A TCP port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Starts the real init and tells it the given text. */
export async function startInit(stdin: string): Promise<RunningInit> {
  const folder = await Deno.makeTempDir({ prefix: "bot-bottle-init-" });
  const routesPath = `${folder}/etc/routes.yaml`;
  const [egressPort, dnsPort] = [freePort(), freePort()];
  const main = new URL("../../sidecar/main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-prompt", "--cached-only", main, "--keep-uid", "--address=127.0.0.1"],
      ...[
        `--routes=${routesPath}`,
        `--queue=${folder}/queue`,
        `--egress-port=${egressPort}`,
        `--dns-port=${dnsPort}`,
      ],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const logs: string[] = [];
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  const outputs = [
    eachLine(child.stdout, (line) => line === READY_LINE && ready.resolve()),
    eachLine(child.stderr, (line) => void logs.push(line)),
  ];
  const status = Promise.all([child.status, ...outputs]).then(([status]) => {
    ready.reject(new Error(`the init ended: ${logs.join("\n")}`));
    return status;
  });
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const signal = (name: Deno.Signal): void => {
    try {
      child.kill(name);
    } catch {
      // It has ended.
    }
  };
  return {
    pid: child.pid,
    egressPort,
    dnsPort,
    routesPath,
    logs,
    ready: ready.promise,
    status,
    signal,
    [Symbol.asyncDispose]: async () => {
      signal("SIGTERM");
      await status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
