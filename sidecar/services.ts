import {
  EGRESS_UID,
  type EgressService,
  type ServiceName,
  type SidecarLaunch,
} from "../policy/wire/launch.ts";
import type { Placement } from "./placement.ts";

/** A service's process, before it is told anything. */
export interface ServiceProcess {
  readonly name: ServiceName;
  /** Arguments of the runtime, from `run` to the service's own; nothing secret. */
  readonly args: readonly string[];
  /** The account that it runs under when the init may choose. */
  readonly uid: number;
}

/** A service's process and what it is told. */
export interface ServiceSpec extends ServiceProcess {
  /** What it reads from standard input to end of file; where secrets go. */
  readonly stdin: string;
}

/** Accounts of their own, so that no service can read another's environment or memory. */
const UID: Readonly<Record<ServiceName, number>> = Object.freeze({
  egress: EGRESS_UID,
  dns: EGRESS_UID + 1,
});

/** Nothing is fetched or asked for; what runs was checked when the image was built. */
const COMMON_FLAGS = Object.freeze([
  "run",
  "--no-prompt",
  "--cached-only",
  "--no-remote",
  "--quiet",
  "--deny-run",
  "--deny-ffi",
]);

/** Nothing that a bottle may ask for lies here: a second barrier below the proxy's own check. */
const NEVER_DIALLED = Object.freeze([
  { flag: "127.0.0.0/8", holds: (address: string) => address.startsWith("127.") },
  { flag: "0.0.0.0", holds: (address: string) => address === "0.0.0.0" },
  { flag: "169.254.0.0/16", holds: (address: string) => address.startsWith("169.254.") },
  { flag: "[::1]", holds: (address: string) => address === "::1" },
]);

/**
 * Where a backend places bottles' networks unless the range is taken. For another the name service
 * starts later, once it is known: 50 ms later, and with no other difference.
 */
const USUAL_NETWORKS = "10.213.0.0/16";

/**
 * Every kind of system information that has a name. What is left of `--allow-sys` is the list of
 * certificate authorities, which has none.
 */
const SYSTEM_INFORMATION = "hostname,osRelease,osUptime,loadavg,networkInterfaces," +
  "systemMemoryInfo,uid,gid,username,cpus,homedir,statfs,getPriority,setPriority,userInfo";

/**
 * The collector is told about relayed buffers, and the heap is bounded. Relayed buffers press on a
 * small heap as if they stayed: with room to begin with, a download costs two thirds of the time.
 */
const EGRESS_HEAP = Object.freeze([
  "--expose-gc",
  "--max-old-space-size=256",
  "--initial-old-space-size=64",
  "--min-semi-space-size=8",
]);

/**
 * The egress process. `pinned` are the addresses that the operator gave to names; one inside a
 * range that is never dialled otherwise opens that range.
 */
export function egressProcess(placement: Placement, pinned: readonly string[]): ServiceProcess {
  const { address, routesPath, queuePath, egressPort } = placement;
  // What it listens on cannot be in a denied range; the proxy's own check is left there.
  const opened = [address, ...pinned];
  const denied = NEVER_DIALLED.filter(({ holds }) => !opened.some(holds)).map(({ flag }) => flag);
  return {
    name: "egress",
    args: [
      ...COMMON_FLAGS,
      `--v8-flags=${EGRESS_HEAP.join(",")}`,
      "--allow-net",
      ...(denied.length > 0 ? [`--deny-net=${denied.join(",")}`] : []),
      `--allow-read=${routesPath},${queuePath}`,
      // Questions to a person are files; nothing else is ever written.
      `--allow-write=${queuePath}`,
      // The YAML library looks for switches of its own there, and stops if it may not.
      "--ignore-env",
      "--allow-sys",
      `--deny-sys=${SYSTEM_INFORMATION}`,
      source("egress/main"),
      address,
      String(egressPort),
      routesPath,
      queuePath,
    ],
    uid: placement.queueOwner ?? UID.egress,
  };
}

/** The processes of the services that the launch document names, and what each is told. */
export function serviceSpecs(launch: SidecarLaunch, placement: Placement): ServiceSpec[] {
  return [...new Set(launch.services)].map((name) =>
    name === "egress" ? egressSpec(launch, placement) : dnsSpec(launch, placement)
  );
}

function egressSpec(launch: SidecarLaunch, placement: Placement): ServiceSpec {
  const { routes: _routes, ...settings } = launch.egress;
  const service: EgressService = { bottle: launch.bottle, ...settings };
  const pinned = settings.extraHosts.map((host) => host.address);
  return { ...egressProcess(placement, pinned), stdin: JSON.stringify(service) };
}

/**
 * The name service's process. `reachable` are the networks that its replies may go to; nothing
 * further can be reached, so no query can be passed on.
 */
export function dnsProcess(placement: Placement, reachable: readonly string[]): ServiceProcess {
  const { address, dnsPort } = placement;
  return {
    name: "dns",
    args: [
      ...COMMON_FLAGS,
      "--deny-write",
      "--v8-flags=--max-old-space-size=64",
      `--allow-net=${[`${address}:${dnsPort}`, ...reachable].join(",")}`,
      source("dns/main"),
      address,
      String(dnsPort),
    ],
    uid: UID.dns,
  };
}

/** The processes that a bottle in the usual range of networks has, known before it is. */
export function usualProcesses(placement: Placement): ServiceProcess[] {
  return [egressProcess(placement, []), dnsProcess(placement, [USUAL_NETWORKS])];
}

function dnsSpec(launch: SidecarLaunch, placement: Placement): ServiceSpec {
  const { address } = launch.dns;
  const reachable = address.startsWith("10.213.") ? [USUAL_NETWORKS] : networksOf(address);
  return { ...dnsProcess(placement, reachable), stdin: address };
}

/** The local networks that an address of ours is in, as address and prefix length. */
function networksOf(address: string): string[] {
  return Deno.networkInterfaces().filter((one) => one.address === address).map((one) => one.cidr);
}

/** A service's entry beside this file: source where this is source, bundled where it is. */
function source(entry: string): string {
  const url = new URL(import.meta.url);
  const extension = url.pathname.slice(url.pathname.lastIndexOf("."));
  return new URL(entry + extension, url).pathname;
}
