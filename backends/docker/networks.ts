import { BackendError } from "../backend.ts";
import type { BottleIdentity } from "../../policy/plan.ts";
import { EngineError } from "./engine/call.ts";
import type { Engine } from "./engine/engine.ts";
import { type LaunchMark, partName, toLabels } from "./labels.ts";
import { hostRoutes, parseRange, pickSubnets, type Range, type Subnets } from "./subnets.ts";

/** The two networks of a bottle. */
export interface BottleNetworks {
  readonly internalId: string;
  readonly egressId: string;
  readonly subnets: Subnets;
}

/** How often another range is tried when the engine finds one in use after all. */
const ATTEMPTS = 8;

/** From this engine on a bridge can be told to keep the host itself off (`isolated`). */
const ISOLATED_SINCE = 27;

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

/** Makes both networks at once, in ranges that nothing else on this machine uses. */
export async function createNetworks(
  engine: Engine,
  identity: BottleIdentity,
  mark: LaunchMark,
): Promise<BottleNetworks> {
  const refused: Range[] = [];
  for (let attempt = 1;; attempt++) {
    const taken = [...refused, ...await hostRoutes()];
    const subnets = pickSubnets(taken, randomBelow);
    if (!subnets) throw noRoom();
    const outcome = await createPair(engine, { identity, mark, subnets });
    if ("internalId" in outcome) return outcome;
    if (!isOverlap(outcome.reason) || attempt >= ATTEMPTS) throw explain(outcome.reason, identity);
    const block = parseRange(subnets.internal);
    if (block) refused.push({ ...block, bits: 28 });
  }
}

interface PairRequest {
  readonly identity: BottleIdentity;
  readonly mark: LaunchMark;
  readonly subnets: Subnets;
}

async function createPair(
  engine: Engine,
  { identity, mark, subnets }: PairRequest,
): Promise<BottleNetworks | { readonly reason: unknown }> {
  const create = async (role: "internal" | "egress"): Promise<string> => {
    const { Id } = await engine.call<{ Id: string }>("POST", "/networks/create", {
      Name: partName(identity.slug, role),
      CheckDuplicate: true,
      Driver: "bridge",
      Internal: role === "internal",
      EnableIPv6: false,
      Options: role === "internal" ? isolation(engine.version.major) : {},
      IPAM: { Driver: "default", Config: [{ Subnet: subnets[role] }] },
      Labels: toLabels(identity, role, mark),
    });
    return Id;
  };
  const [internal, egress] = await Promise.allSettled([create("internal"), create("egress")]);
  if (internal.status === "fulfilled" && egress.status === "fulfilled") {
    return { internalId: internal.value, egressId: egress.value, subnets };
  }
  const made = [internal, egress].flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
  await Promise.allSettled(made.map((id) => engine.call("DELETE", `/networks/${id}`)));
  return { reason: internal.status === "rejected" ? internal.reason : reasonOf(egress) };
}

function reasonOf(result: PromiseSettledResult<string>): unknown {
  return result.status === "rejected" ? result.reason : undefined;
}

/** Bridges share no number for "in use", so the engine's words decide. */
function isOverlap(error: unknown): boolean {
  return error instanceof EngineError &&
    /overlap|conflicts with (existing )?network/i.test(error.message);
}

function explain(error: unknown, { slug }: BottleIdentity): unknown {
  if (!(error instanceof EngineError)) return error;
  if (error.status === 409) return nameTaken(slug, error);
  return new BackendError(`Cannot make the networks of bottle ${slug}: ${error.message}`, {
    hint: "see the engine's own log; `bot-bottle doctor` checks what a bottle needs",
    cause: error,
  });
}

/** Something of that name is there already: a bottle that runs, or what is left of one. */
export function nameTaken(slug: string, cause: unknown): BackendError {
  return new BackendError(`Cannot start bottle ${slug}: parts of a bottle of that name exist`, {
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
