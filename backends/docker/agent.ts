import type { Duplex } from "node:stream";
import type { AgentPlan } from "../../policy/plan.ts";
import { bottleEnv } from "../../policy/bottle_env.ts";
import { SIDECAR_NAMES } from "../../policy/wire/launch.ts";
import type { LaunchScope } from "./launch.ts";
import { feed } from "./engine/duplex.ts";
import { engineWords, statusOf } from "./engine/failure.ts";
import { type Entry, fileEntry, ROOT } from "./files/entry.ts";
import { planEntries } from "./files/plan_entries.ts";
import { partName, toLabels } from "./labels.ts";
import { type BottleNetworks, nameTaken } from "./networks.ts";
import { BackendError } from "../backend.ts";

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
 * Makes the agent's container, fills it and starts its first process, which only sleeps: nothing
 * of the agent or of the workspace runs before the launcher execs it.
 */
export async function startAgent(
  scope: LaunchScope,
  networks: BottleNetworks,
): Promise<string> {
  const { engine, plan, signal } = scope;
  const library = await engine.library();
  let id: string;
  try {
    id = (await library.createContainer(agentConfig(scope, networks))).id;
  } catch (error) {
    if (statusOf(error) === 409) throw nameTaken(plan.identity.slug, error);
    throw cannotMake(error);
  }
  signal.throwIfAborted();
  const container = library.getContainer(id);
  const run = async (): Promise<void> => {
    const stdin = await container.attach({ stream: true, stdin: true, hijack: true }) as Duplex;
    try {
      await container.start();
      await feed(stdin, [new TextEncoder().encode(JSON.stringify(stayOf(plan.agent)))]);
    } finally {
      stdin.destroy();
    }
  };
  const fill = async (): Promise<void> => {
    const { toTar } = await import("./files/tar.ts");
    await container.putArchive(toTar(agentEntries(scope)), { path: "/", abortSignal: signal });
  };
  try {
    await fill();
    await run();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof BackendError ? error : cannotMake(error);
  }
  return id;
}

function agentConfig(scope: LaunchScope, networks: BottleNetworks): Record<string, unknown> {
  const { plan, mark, prepared } = scope;
  const { user } = plan.agent;
  const { subnets, internalId } = networks;
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
    HostConfig: {
      NetworkMode: internalId,
      Init: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      PidsLimit: PIDS_LIMIT,
      Memory: memory,
      MemorySwap: memory,
      ShmSize: SHM_BYTES,
      IpcMode: "private",
      LogConfig: { Type: "none" },
      RestartPolicy: { Name: "no" },
      Dns: [subnets.sidecar],
      DnsSearch: ["."],
      ExtraHosts: SIDECAR_NAMES.map((name) => `${name}:${subnets.sidecar}`),
      Sysctls: NETWORK_SYSCTLS,
      Tmpfs: {
        [STAY_FOLDER]: `rw,noexec,nosuid,nodev,size=4m,mode=0700,uid=${user.uid},gid=${user.gid}`,
      },
      ...(prepared.runtime === undefined ? {} : { Runtime: prepared.runtime }),
    },
    NetworkingConfig: {
      EndpointsConfig: { [internalId]: { IPAMConfig: { IPv4Address: subnets.agent } } },
    },
  };
}

/** No IPv6, not even link-local, and no forwarding between a container's interfaces. */
export const NETWORK_SYSCTLS = Object.freeze({
  "net.ipv6.conf.all.disable_ipv6": "1",
  "net.ipv6.conf.default.disable_ipv6": "1",
  "net.ipv4.ip_forward": "0",
});

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

function cannotMake(error: unknown): BackendError {
  return new BackendError(`Cannot make the agent's container: ${engineWords(error)}`, {
    hint: "see the engine's own log; `bot-bottle doctor` checks what a bottle needs",
    cause: error,
  });
}
