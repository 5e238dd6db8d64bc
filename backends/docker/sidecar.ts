import type { Duplex } from "node:stream";
import { formatRoutesYaml } from "../../policy/egress/routes_yaml.ts";
import type { SidecarPlan } from "../../policy/plan.ts";
import {
  LAUNCH_VERSION,
  QUEUE_PATH,
  READY_LINE,
  SIDECAR_NAMES,
  type SidecarLaunch,
} from "../../policy/wire/launch.ts";
import { BackendError } from "../backend.ts";
import { CONFINEMENT, type ContainerConfig, createContainer, explainStart } from "./container.ts";
import { demultiplex, feed, taken } from "./engine/duplex.ts";
import { partName, toLabels } from "./labels.ts";
import type { LaunchScope } from "./launch.ts";
import type { Engine } from "./engine/engine.ts";
import { engineWords } from "./engine/failure.ts";
import { printable } from "./printable.ts";
import { joinNetwork, leaveNone } from "./networks.ts";
import type { Subnets } from "./subnets.ts";

const PIDS_LIMIT = 512;
const READY_MILLISECONDS = 30_000;
const WATCH_MILLISECONDS = 250;
const KEPT_LINES = 10;
const LINE_LIMIT = 400;

/**
 * Makes and starts the sidecar, joins it to its networks as soon as they are there and waits until
 * it says that every service is ready. Its launch document goes over its standard input alone, and
 * not before it is on the bottle's network, where it looks for the host's end. Throws BackendError
 * with its last words when it ends first, for instance because that end answers.
 */
export async function startSidecar(scope: LaunchScope): Promise<void> {
  const { engine, plan, signal, networks, subnets } = scope;
  let duplex: Duplex | undefined;
  try {
    const { container, hasQueue } = await createSidecar(scope);
    signal.throwIfAborted();
    await engine.call("POST", `/containers/${container}/start`);
    await leaveNone(engine, container);
    const library = await engine.library();
    duplex = taken(
      await library.getContainer(container).attach({
        stream: true,
        stdin: true,
        stdout: true,
        stderr: true,
        logs: true,
        hijack: true,
      }),
    );
    const ready = awaitReady(duplex, () => hasEnded(engine, container), signal);
    ready.catch(() => {});
    const document = launchDocument(plan.identity.slug, plan.sidecar, { subnets, hasQueue });
    const place = { container, address: subnets.sidecar, aliases: SIDECAR_NAMES };
    await joinNetwork(engine, await networks.internal, place);
    signal.throwIfAborted();
    const fed = feed(duplex, [new TextEncoder().encode(JSON.stringify(document))]);
    await joinNetwork(engine, await networks.egress, { container });
    await Promise.all([fed, ready]);
  } catch (error) {
    signal.throwIfAborted();
    throw explainStart("the sidecar", error);
  } finally {
    duplex?.destroy();
  }
}

/**
 * Makes the sidecar's container with the queue in it. An engine that does not see this machine's
 * files gets none, so that nobody can be asked and what would wait is refused.
 */
async function createSidecar(
  scope: LaunchScope,
): Promise<{ readonly container: string; readonly hasQueue: boolean }> {
  const { engine, plan, progress } = scope;
  const { queue } = plan.sidecar;
  try {
    const container = await createContainer(engine, sidecarConfig(scope, queue?.folder));
    return { container, hasQueue: queue !== undefined };
  } catch (error) {
    if (queue === undefined || !NOT_SEEN.test(engineWords(error))) throw error;
    progress.step("the engine does not see the proposal queue: requests are refused, not held");
    return { container: await createContainer(engine, sidecarConfig(scope)), hasQueue: false };
  }
}

/** What engines say of a folder that is not on their machine or not shared with it. */
const NOT_SEEN = /source path does not exist|not shared from the host|mounts denied/i;

function sidecarConfig(
  { plan, mark, prepared }: LaunchScope,
  queue?: string,
): ContainerConfig {
  return {
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
      ...CONFINEMENT,
      // Networks are joined once they are made, which goes on while the container starts.
      NetworkMode: "none",
      CapAdd: ["SETUID", "SETGID", "KILL"],
      PidsLimit: PIDS_LIMIT,
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      Sysctls: { ...CONFINEMENT.Sysctls, "net.ipv4.ip_unprivileged_port_start": "0" },
      ...(queue !== undefined && {
        Mounts: [{ Type: "bind", Source: queue, Target: QUEUE_PATH }],
      }),
      Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777" },
    },
  };
}

/** The document that {@linkcode SidecarLaunch} describes; the only place where secrets are shown. */
function launchDocument(
  slug: string,
  sidecar: SidecarPlan,
  { subnets, hasQueue }: { readonly subnets: Subnets; readonly hasQueue: boolean },
): SidecarLaunch {
  const { queue } = sidecar;
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
      ...(hasQueue && queue && { hold: { timeoutSeconds: queue.timeoutSeconds } }),
    },
    dns: { address: subnets.sidecar },
    mustNotAnswer: subnets.gateway,
  };
}

/** The stream of a container that ended before it was attached to never ends. */
async function hasEnded(engine: Engine, container: string): Promise<boolean> {
  const { State } = await engine.call<{ State: { Running: boolean } }>(
    "GET",
    `/containers/${container}/json`,
  );
  return !State.Running;
}

/** Resolves at the ready line; rejects when the sidecar ends, time is up or the signal aborts. */
async function awaitReady(
  duplex: Duplex,
  ended: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
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
  const watch = setInterval(() => {
    ended().then((is) => is && reject(notReady("it ended before it was ready")), reject);
  }, WATCH_MILLISECONDS);
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  demultiplex(duplex, { stdout: read, stderr: read })
    .then(() => reject(notReady("it ended before it was ready")), reject);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
  }
}
