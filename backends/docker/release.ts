import { BackendError } from "../backend.ts";
import type { Engine } from "./engine/engine.ts";
import { engineWords, statusOf } from "./engine/failure.ts";
import { LABELS } from "./labels.ts";

/** One thing on the engine. */
export interface Part {
  readonly kind: "container" | "network";
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The engine's word: `running`, `exited`, ...; empty for a network. */
  readonly state: string;
}

/** How often and how soon a removal is tried again that something still stands in the way of. */
const ATTEMPTS = 100;
const PAUSE_MILLISECONDS = 40;

interface ContainerEntry {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
}

interface NetworkEntry {
  readonly Id: string;
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** Everything on the engine that carries all the given labels. */
export async function findParts(
  engine: Engine,
  labels: Readonly<Record<string, string>>,
): Promise<Part[]> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const filters = encodeURIComponent(JSON.stringify({ label }));
  const [containers, networks] = await Promise.all([
    engine.call<readonly ContainerEntry[]>("GET", `/containers/json?all=1&filters=${filters}`),
    engine.call<readonly NetworkEntry[]>("GET", `/networks?filters=${filters}`),
  ]);
  return [
    ...containers.map((one): Part => ({
      kind: "container",
      id: one.Id,
      name: one.Names[0]?.replace(/^\//, "") ?? one.Id,
      labels: one.Labels,
      state: one.State,
    })),
    ...networks.map((one): Part => ({
      kind: "network",
      id: one.Id,
      name: one.Name,
      labels: one.Labels ?? {},
      state: "",
    })),
  ];
}

/** What could not be removed and why. */
export interface Remainder {
  readonly part: Part;
  readonly reason: string;
}

/**
 * Removes containers (with their anonymous volumes) and networks; goes on past failures and
 * returns them. What is gone already counts as removed.
 *
 * A network goes after the containers on it, except an egress network: taking one down is what
 * lasts longest, so its one container leaves it and it goes while the containers do.
 */
export async function removeParts(engine: Engine, parts: readonly Part[]): Promise<Remainder[]> {
  const remainders: Remainder[] = [];
  const remove = async (part: Part): Promise<void> => {
    const reason = await removePart(engine, part);
    if (reason !== undefined) remainders.push({ part, reason });
  };
  const containers = parts.filter(({ kind }) => kind === "container");
  const [egress, others] = partition(
    parts.filter(({ kind }) => kind === "network"),
    ({ labels }) => labels[LABELS.role] === "egress",
  );
  const first = egress.map(async (network) => {
    await leave(engine, network, containers);
    await remove(network);
  });
  await Promise.all(containers.map(remove));
  await Promise.all([...first, ...others.map(remove)]);
  return remainders;
}

/** Takes a launch's sidecar off its egress network; what fails here the network's removal tells. */
async function leave(engine: Engine, network: Part, containers: readonly Part[]): Promise<void> {
  const there = containers.filter(({ labels }) =>
    labels[LABELS.role] === "sidecar" && labels[LABELS.launch] === network.labels[LABELS.launch]
  );
  await Promise.all(there.map(async ({ id }) => {
    const body = { Container: id, Force: true };
    await engine.call("POST", `/networks/${network.id}/disconnect`, body).catch(() => {});
  }));
}

function partition<T>(all: readonly T[], holds: (one: T) => boolean): [T[], T[]] {
  return [all.filter(holds), all.filter((one) => !holds(one))];
}

/**
 * Removes all parts of one launch. Every part carries the launch's label from the moment it is
 * made, so this also finds those whose making was cut off before the engine could tell their id.
 * Throws BackendError naming what is left.
 */
export async function releaseLaunch(engine: Engine, launch: string): Promise<void> {
  const parts = await findParts(engine, { [LABELS.launch]: launch });
  const remainders = await removeParts(engine, parts);
  if (remainders.length === 0) return;
  const list = remainders.map(({ part, reason }) => `${part.kind} ${part.name}: ${reason}`);
  throw new BackendError(`Cannot remove all of the bottle: ${list.join("; ")}`, {
    hint: "run `bot-bottle cleanup` to try again",
  });
}

async function removePart(engine: Engine, { kind, id }: Part): Promise<string | undefined> {
  const path = kind === "container" ? `/containers/${id}?force=1&v=1` : `/networks/${id}`;
  let reason = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await engine.call("DELETE", path);
      return undefined;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      reason = engineWords(error);
      // Being removed by someone else, or a network whose last container is on its way out.
      if (!/in progress|active endpoints|endpoint/i.test(reason)) return reason;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
  }
  return reason;
}
