import { BackendError } from "../backend.ts";
import type { Engine } from "./engine/engine.ts";

interface AddressPool {
  /** e.g. `172.17.0.0/16` */
  readonly Subnet?: string;
  /** Older engines leave it out for their default network. */
  readonly Gateway?: string;
}

interface Network {
  readonly IPAM?: { readonly Config?: readonly AddressPool[] | null };
}

/**
 * The host's end of the engine's default network: containers of every network reach the host's
 * services there. Throws BackendError when the engine runs elsewhere or has no such network.
 */
export async function hostAddress(engine: Engine): Promise<string> {
  if (engine.endpoint.kind !== "unix") {
    throw new BackendError("Cannot reach this machine from a sidecar: the engine runs elsewhere", {
      hint: "use an engine on this machine, through its unix socket",
    });
  }
  const { IPAM } = await engine.call<Network>("GET", "/networks/bridge");
  const [address] = (IPAM?.Config ?? []).flatMap(({ Gateway, Subnet }) => {
    return Gateway ?? firstAddress(Subnet) ?? [];
  });
  if (address) return address;
  throw new BackendError("Cannot reach this machine from a sidecar: no default bridge network", {
    hint: "start the engine with its default bridge network",
  });
}

/** The engine's own end of a network has its first address unless told otherwise. */
function firstAddress(subnet = ""): string | undefined {
  const match = /^(\d+\.\d+\.\d+)\.0\/\d+$/.exec(subnet);
  return match ? `${match[1]}.1` : undefined;
}
