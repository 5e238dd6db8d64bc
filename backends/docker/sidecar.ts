import type { Duplex } from "node:stream";
import { formatRoutesYaml } from "../../policy/egress/routes_yaml.ts";
import type { SidecarPlan } from "../../policy/plan.ts";
import { LAUNCH_VERSION, READY_LINE, type SidecarLaunch } from "../../policy/wire/launch.ts";
import { SIDECAR_NAMES } from "../../policy/wire/launch.ts";
import { BackendError } from "../backend.ts";
import { NETWORK_SYSCTLS } from "./agent.ts";
import { demultiplex, feed } from "./engine/duplex.ts";
import { engineWords, statusOf } from "./engine/failure.ts";
import { partName, toLabels } from "./labels.ts";
import type { LaunchScope } from "./launch.ts";
import { printable } from "./printable.ts";
import { type BottleNetworks, nameTaken } from "./networks.ts";

const PIDS_LIMIT = 512;
const READY_MILLISECONDS = 30_000;
const KEPT_LINES = 10;
const LINE_LIMIT = 400;

/**
 * Makes and starts the sidecar and waits until it says that every service is ready. Its launch
 * document goes over its standard input alone. Throws BackendError with its last words when it
 * ends first, for instance because the host's end of the bottle's network answers.
 */
export async function startSidecar(scope: LaunchScope, networks: BottleNetworks): Promise<string> {
  const { engine, plan, signal } = scope;
  const library = await engine.library();
  let duplex: Duplex | undefined;
  try {
    const { id } = await create(scope, networks);
    const container = library.getContainer(id);
    signal.throwIfAborted();
    duplex = await container.attach({
      stream: true,
      stdin: true,
      stdout: true,
      stderr: true,
      hijack: true,
    }) as Duplex;
    const ready = awaitReady(duplex, signal);
    ready.catch(() => {});
    const document = launchDocument(plan.identity.slug, plan.sidecar, networks);
    await container.start();
    await feed(duplex, [new TextEncoder().encode(JSON.stringify(document))]);
    await ready;
    return id;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BackendError) throw error;
    if (statusOf(error) === 409) throw nameTaken(plan.identity.slug, error);
    throw new BackendError(`Cannot start the sidecar: ${engineWords(error)}`, {
      hint: "see the engine's own log; `bot-bottle doctor` checks what a bottle needs",
      cause: error,
    });
  } finally {
    duplex?.destroy();
  }
}

async function create(scope: LaunchScope, networks: BottleNetworks): Promise<{ id: string }> {
  const { engine, plan, mark, prepared } = scope;
  const library = await engine.library();
  const { egressId, internalId, subnets } = networks;
  const internal = {
    IPAMConfig: { IPv4Address: subnets.sidecar },
    Aliases: [...SIDECAR_NAMES],
  };
  const both = engine.speaks("1.44");
  const container = await library.createContainer({
    name: partName(plan.identity.slug, "sidecar"),
    Image: prepared.sidecarImage.id,
    Hostname: "sidecar",
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: toLabels(plan.identity, "sidecar", mark),
    HostConfig: {
      NetworkMode: egressId,
      CapDrop: ["ALL"],
      CapAdd: ["SETUID", "SETGID", "KILL"],
      SecurityOpt: ["no-new-privileges:true"],
      PidsLimit: PIDS_LIMIT,
      IpcMode: "private",
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      RestartPolicy: { Name: "no" },
      Sysctls: { ...NETWORK_SYSCTLS, "net.ipv4.ip_unprivileged_port_start": "0" },
      Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777" },
    },
    NetworkingConfig: {
      EndpointsConfig: { [egressId]: {}, ...(both ? { [internalId]: internal } : {}) },
    },
  });
  if (!both) {
    await library.getNetwork(internalId).connect({
      Container: container.id,
      EndpointConfig: internal,
    });
  }
  return { id: container.id };
}

/** The document that {@linkcode SidecarLaunch} describes; the only place where secrets are shown. */
function launchDocument(
  slug: string,
  sidecar: SidecarPlan,
  { subnets }: BottleNetworks,
): SidecarLaunch {
  return {
    version: LAUNCH_VERSION,
    bottle: slug,
    services: [...sidecar.services],
    egress: {
      routes: formatRoutesYaml(sidecar.policy),
      tokens: Object.fromEntries(
        [...sidecar.tokens].map(([name, token]) => [name, token.reveal()]),
      ),
      caCert: sidecar.ca.certPem,
      caKey: sidecar.ca.keyPem.reveal(),
      upstreamCa: sidecar.upstreamCa,
      extraHosts: [...sidecar.extraHosts],
    },
    dns: { address: subnets.sidecar },
    mustNotAnswer: subnets.gateway,
  };
}

/** Resolves at the ready line; rejects when the stream ends, time is up or the signal aborts. */
async function awaitReady(duplex: Duplex, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lines: string[] = [];
  let rest = "";
  const decoder = new TextDecoder();
  const read = (chunk: Uint8Array): void => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = (parts.pop() ?? "").slice(-LINE_LIMIT);
    for (const line of parts) {
      if (line.trim() === READY_LINE) resolve();
      lines.push(printable(line, LINE_LIMIT));
      if (lines.length > KEPT_LINES) lines.shift();
    }
  };
  const notReady = (why: string): BackendError =>
    new BackendError(`Cannot start the sidecar: ${why}`, {
      hint: lines.length === 0 ? "it said nothing" : `its last lines were:\n${lines.join("\n")}`,
    });
  const late = setTimeout(
    () => reject(notReady(`it was not ready within ${READY_MILLISECONDS / 1000} s`)),
    READY_MILLISECONDS,
  );
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  demultiplex(duplex, { stdout: read, stderr: read })
    .then(() => reject(notReady("it ended before it was ready")), reject);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", stop);
  }
}
