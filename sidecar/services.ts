import { type EgressService, type ServiceName, type SidecarLaunch } from "../policy/wire/launch.ts";
import type { Placement } from "./placement.ts";

/** How one service's process is started. */
export interface ServiceSpec {
  readonly name: ServiceName;
  /** Arguments of the runtime, from `run` to the service's own. */
  readonly args: readonly string[];
  /** Its whole environment besides what the runtime needs. */
  readonly env: Readonly<Record<string, string>>;
  /** What it reads from standard input to end of file. */
  readonly stdin: string;
  /** The account that it runs under when the init may choose. */
  readonly uid: number;
}

/** Accounts of their own, so that no service can read another's environment or memory. */
const UID: Readonly<Record<ServiceName, number>> = Object.freeze({ egress: 9001, dns: 9002 });

/** Nothing is fetched, asked or written; what runs was checked in the image. */
const COMMON_FLAGS = Object.freeze([
  "--no-prompt",
  "--cached-only",
  "--no-remote",
  "--quiet",
  "--deny-run",
  "--deny-write",
  "--deny-ffi",
  // Debugging switches that the YAML library looks at; without this, looking is an error.
  "--ignore-env=LOG_TOKENS,LOG_STREAM",
]);

/** Nothing that a bottle may ask for lies here: a second barrier below the proxy's own check. */
const NEVER_DIALLED = Object.freeze([
  { flag: "127.0.0.0/8", holds: (address: string) => address.startsWith("127.") },
  { flag: "0.0.0.0", holds: (address: string) => address === "0.0.0.0" },
  { flag: "169.254.0.0/16", holds: (address: string) => address.startsWith("169.254.") },
  { flag: "[::1]", holds: (address: string) => address === "::1" },
]);

/** Every kind of system information; the runtime's own `ca` has no name to allow. */
const SYSTEM_INFORMATION = "hostname,osRelease,osUptime,loadavg,networkInterfaces," +
  "systemMemoryInfo,uid,gid,username,cpus,homedir,statfs,getPriority,setPriority,userInfo";

/** The process of each service that the launch document names. */
export function serviceSpecs(launch: SidecarLaunch, placement: Placement): ServiceSpec[] {
  return [...new Set(launch.services)].map((name) =>
    name === "egress" ? egressSpec(launch, placement) : dnsSpec(launch, placement)
  );
}

function egressSpec(launch: SidecarLaunch, placement: Placement): ServiceSpec {
  const { routes: _routes, tokens, ...settings } = launch.egress;
  const tokenNames = Object.keys(tokens);
  const service: EgressService = { bottle: launch.bottle, tokenNames, ...settings };
  const pinned = settings.extraHosts.map((host) => host.address);
  const denied = NEVER_DIALLED.filter(({ holds }) => !pinned.some(holds)).map(({ flag }) => flag);
  const { address = launch.dns.address, routesPath, egressPort } = placement;
  return {
    name: "egress",
    args: [
      ...COMMON_FLAGS,
      // The collector is told about relayed buffers; the heap is bounded.
      "--v8-flags=--expose-gc,--max-old-space-size=256",
      "--allow-net",
      `--deny-net=${denied.join(",")}`,
      `--allow-read=${routesPath}`,
      ...environmentFlags(tokenNames),
      ...(settings.upstreamCa === "" ? [] : ["--allow-sys", `--deny-sys=${SYSTEM_INFORMATION}`]),
      source("egress/main.ts"),
      address,
      String(egressPort),
      routesPath,
    ],
    env: tokens,
    stdin: JSON.stringify(service),
    uid: UID.egress,
  };
}

function dnsSpec(launch: SidecarLaunch, placement: Placement): ServiceSpec {
  const { address = launch.dns.address, dnsPort } = placement;
  return {
    name: "dns",
    args: [
      ...COMMON_FLAGS,
      "--v8-flags=--max-old-space-size=64",
      // Where it listens and the bottle's own network, to which its replies go: nothing further
      // can be reached, so no query can be passed on.
      `--allow-net=${[`${address}:${dnsPort}`, ...networksOf(launch.dns.address)].join(",")}`,
      source("dns/main.ts"),
      address,
      String(dnsPort),
      launch.dns.address,
    ],
    env: {},
    stdin: "",
    uid: UID.dns,
  };
}

/** The local networks that an address of ours is in, as address and prefix length. */
function networksOf(address: string): string[] {
  return Deno.networkInterfaces().filter((one) => one.address === address).map((one) => one.cidr);
}

/** `--allow-env` without names would allow all. */
function environmentFlags(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`--allow-env=${names.join(",")}`];
}

function source(path: string): string {
  return new URL(path, import.meta.url).pathname;
}
