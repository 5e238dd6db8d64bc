import type { AgentPlan } from "../../policy/plan.ts";
import { bottleEnv } from "../../policy/bottle_env.ts";
import { SIDECAR_NAMES } from "../../policy/wire/launch.ts";
import type { LaunchScope } from "./launch.ts";
import { feed, taken } from "./engine/duplex.ts";
import { CONFINEMENT, type ContainerConfig, createContainer, explainStart } from "./container.ts";
import { putArchive } from "./files/put.ts";
import { type Entry, fileEntry, ROOT } from "./files/entry.ts";
import { planEntries } from "./files/plan_entries.ts";
import { partName, toLabels } from "./labels.ts";
import { type Place, placeOn } from "./networks.ts";
import { settled } from "./settled.ts";

/** Where the bottle's authority stands, alone and with the image's own roots. */
const CA_FOLDER = "/etc/bot-bottle";
const CA_FILE = `${CA_FOLDER}/ca.pem`;
const BUNDLE_FILE = `${CA_FOLDER}/ca-bundle.pem`;

/** In memory only, so that neither a snapshot nor the engine's records hold the environment. */
export const STAY_FOLDER = "/run/bot-bottle";
export const STAY_FILE = `${STAY_FOLDER}/stay.json`;

/** The first process: keeps what later execs need, then does nothing for ever. */
const FIRST_PROCESS = `umask 077; cat > ${STAY_FILE}; exec sleep infinity`;

const PIDS_LIMIT = 4096;
const SHM_BYTES = 64 * 1024 * 1024;

/** The part of the machine's memory that a bottle may take before its processes are killed. */
const MEMORY_SHARE = 0.75;

/** What every process of the agent's side runs with. */
export interface Stay {
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
}

/** Computes what the agent and everything beside it run with. */
export function stayOf(plan: AgentPlan): Stay {
  const { user, env, workdir } = plan;
  return {
    env: bottleEnv({ user, env, sidecar: "sidecar", caFile: CA_FILE, bundleFile: BUNDLE_FILE }),
    workdir,
  };
}

/**
 * Makes the agent's container, starts its first process, which only sleeps, fills it and joins it
 * to its network: nothing of the agent or of the workspace runs before the launcher execs it.
 * Resolves with the container's id.
 */
export async function startAgent(scope: LaunchScope): Promise<string> {
  const { engine, signal, networks, subnets } = scope;
  try {
    const place = placeOn(await networks.internal, subnets.agent);
    signal.throwIfAborted();
    const container = await createContainer(engine, agentConfig(scope, place));
    signal.throwIfAborted();
    const started = engine.call("POST", `/containers/${container}/start`);
    // It holds this process up for a while: time that the engine takes to start both containers.
    await settled([started, engine.library()]);
    await settled([fill(scope, container), remember(scope, container)]);
    return container;
  } catch (error) {
    signal.throwIfAborted();
    throw explainStart("the agent's container", error);
  }
}

/** Places the plan's files and folders as one stream. */
async function fill(scope: LaunchScope, container: string): Promise<void> {
  const { engine, signal } = scope;
  const [{ toTar }, library] = await Promise.all([import("./files/tar.ts"), engine.library()]);
  const archive = toTar(agentEntries(scope));
  await putArchive(library.getContainer(container), archive, signal);
}

/** Gives the first process what it keeps. */
async function remember(scope: LaunchScope, container: string): Promise<void> {
  const { engine, plan, signal } = scope;
  const library = await engine.library();
  const stdin = taken(
    await library.getContainer(container).attach({ stream: true, stdin: true, hijack: true }),
  );
  const stop = (): void => void stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await feed(stdin, [new TextEncoder().encode(JSON.stringify(stayOf(plan.agent)))]);
  } finally {
    signal.removeEventListener("abort", stop);
    stdin.destroy();
  }
}

function agentConfig(
  { plan, mark, prepared, subnets }: LaunchScope,
  { networkMode, networking }: Place,
): ContainerConfig {
  const { user } = plan.agent;
  const memory = Math.floor(prepared.memoryBytes * MEMORY_SHARE);
  return {
    name: partName(plan.identity.slug, "agent"),
    Image: prepared.image.id,
    Hostname: "bottle",
    User: `${user.uid}:${user.gid}`,
    WorkingDir: "/",
    Entrypoint: ["/bin/sh", "-c", FIRST_PROCESS],
    Cmd: [],
    Healthcheck: { Test: ["NONE"] },
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    Labels: toLabels(plan.identity, "agent", mark),
    NetworkingConfig: networking,
    HostConfig: {
      ...CONFINEMENT,
      NetworkMode: networkMode,
      Init: true,
      PidsLimit: PIDS_LIMIT,
      Memory: memory,
      MemorySwap: memory,
      ShmSize: SHM_BYTES,
      LogConfig: { Type: "none" },
      Dns: [subnets.sidecar],
      DnsSearch: ["."],
      ExtraHosts: SIDECAR_NAMES.map((name) => `${name}:${subnets.sidecar}`),
      Tmpfs: {
        [STAY_FOLDER]: `rw,noexec,nosuid,nodev,size=4m,mode=0700,uid=${user.uid},gid=${user.gid}`,
      },
      ...(prepared.runtime === undefined ? {} : { Runtime: prepared.runtime }),
    },
  };
}

async function* agentEntries({ plan, prepared, progress }: LaunchScope): AsyncGenerator<Entry> {
  const { certPem } = plan.sidecar.ca;
  const authority = certPem.endsWith("\n") ? certPem : `${certPem}\n`;
  yield { type: "directory", path: CA_FOLDER, mode: 0o755, ...ROOT };
  yield fileEntry(CA_FILE, authority, { ...ROOT, mode: 0o644 });
  yield fileEntry(BUNDLE_FILE, prepared.roots + authority, { ...ROOT, mode: 0o644 });
  yield* planEntries({
    ...plan.agent,
    skipped: (path, why) => progress.step(`left out ${JSON.stringify(path)}: ${why}`),
  });
}
