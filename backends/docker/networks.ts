import { BackendError } from "../backend.ts";
import type { BottleIdentity } from "../../policy/plan.ts";
import { EngineError } from "./engine/call.ts";
import type { Engine } from "./engine/engine.ts";
import { type LaunchMark, partName, toLabels } from "./labels.ts";
import { hostRoutes, parseRange, pickSubnets, type Range, type Subnets } from "./subnets.ts";

/** From this engine on a bridge can be told to keep the host itself off (`isolated`). */
export const ISOLATED_SINCE = 27;

const DRIVER = "com.docker.network.bridge";

/**
 * Options that keep the host's own services off a bottle's internal bridge. On a plain internal
 * bridge the host answers on the bridge's address, and through it on all its others.
 */
function isolation(engineMajor: number): Record<string, string> {
  return engineMajor >= ISOLATED_SINCE
    ? { [`${DRIVER}.gateway_mode_ipv4`]: "isolated" }
    : { [`${DRIVER}.inhibit_ipv4`]: "true" };
}

/** One of a bottle's two networks. */
export interface NetworkRequest {
  readonly role: "internal" | "egress";
  readonly identity: BottleIdentity;
  readonly mark: LaunchMark;
  readonly subnets: Subnets;
}

/**
 * Makes a network and resolves with its id. Throws {@linkcode RangeTaken} when some other network
 * overlaps its range, BackendError for everything else.
 */
export async function createNetwork(engine: Engine, request: NetworkRequest): Promise<string> {
  const { role, identity, mark, subnets } = request;
  const make = async (options: Record<string, string>): Promise<string> => {
    const { Id } = await engine.call<{ Id: string }>("POST", "/networks/create", {
      Name: partName(identity.slug, role),
      CheckDuplicate: true,
      Driver: "bridge",
      Internal: role === "internal",
      EnableIPv6: false,
      Options: options,
      IPAM: { Driver: "default", Config: [{ Subnet: subnets[role] }] },
      Labels: toLabels(identity, role, mark),
    });
    return Id;
  };
  try {
    return await make(role === "internal" ? isolation(engine.version.major) : {});
  } catch (error) {
    if (isOverlap(error)) throw new RangeTaken(subnets, error);
    throw explain(error, identity);
  }
}

/** What a container is made with to start on one network and no other. */
export interface Place {
  readonly networkMode: string;
  readonly networking: unknown;
}

/** A container's address on the network that it starts on. */
export function placeOn(network: string, address: string): Place {
  const endpoint = { IPAMConfig: { IPv4Address: address } };
  return { networkMode: network, networking: { EndpointsConfig: { [network]: endpoint } } };
}

/** Gives a running container its place on a network. */
export async function joinNetwork(
  engine: Engine,
  network: string,
  { container, address, aliases }: {
    readonly container: string;
    readonly address?: string;
    readonly aliases?: readonly string[];
  },
): Promise<void> {
  await engine.call("POST", `/networks/${network}/connect`, {
    Container: container,
    EndpointConfig: {
      ...(address === undefined ? {} : { IPAMConfig: { IPv4Address: address } }),
      ...(aliases === undefined ? {} : { Aliases: aliases }),
    },
  });
}

/** A container may start on the engine's network `none`, which excludes all others meanwhile. */
export async function leaveNone(engine: Engine, container: string): Promise<void> {
  await engine.call("POST", "/networks/none/disconnect", { Container: container });
}

/** The engine found a network that overlaps the picked range; another one may do. */
export class RangeTaken extends Error {
  override readonly name = "RangeTaken";
  readonly subnets: Subnets;

  constructor(subnets: Subnets, cause: unknown) {
    super(`Cannot use the range ${subnets.internal}: another network overlaps it`, { cause });
    this.subnets = subnets;
  }
}

/** Picks ranges that neither this machine's routes nor a refusal of the engine speak against. */
export async function chooseSubnets(refused: readonly Subnets[]): Promise<Subnets> {
  const blocks = refused.flatMap(({ internal }): Range[] => {
    const range = parseRange(internal);
    return range ? [{ ...range, bits: 28 }] : [];
  });
  const subnets = pickSubnets([...blocks, ...await hostRoutes()], randomBelow);
  if (!subnets) throw noRoom();
  return subnets;
}

/** Bridges share no number for "in use", so the engine's words decide. */
function isOverlap(error: unknown): boolean {
  return error instanceof EngineError &&
    /overlap|conflicts with (existing )?network/i.test(error.message);
}

function explain(error: unknown, { slug }: BottleIdentity): unknown {
  if (!(error instanceof EngineError)) return error;
  if (error.status === 409) return nameTaken(`network of bottle ${slug}`, error);
  return new BackendError(`Cannot make the networks of bottle ${slug}: ${error.message}`, {
    hint: "see the engine's own log; `bot-bottle doctor` checks what a bottle needs",
    cause: error,
  });
}

/** Something of that name is there already: part of a bottle that runs, or what is left of one. */
export function nameTaken(name: string, cause: unknown): BackendError {
  return new BackendError(`Cannot start the bottle: the engine has a ${name} already`, {
    hint: "choose another --label, or remove what was left behind with `bot-bottle cleanup`",
    cause,
  });
}

function noRoom(): BackendError {
  return new BackendError("Cannot make a bottle's networks: no private range is free of routes", {
    hint: "end bottles that you no longer need, or remove unused networks",
  });
}

function randomBelow(limit: number): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  return value % limit;
}
