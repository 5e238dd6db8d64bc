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

const ATTEMPTS = 40;
const PAUSE_MILLISECONDS = 100;

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
 * Removes containers (with their anonymous volumes), then networks, each kind at once; goes on
 * past failures and returns them. What is gone already counts as removed.
 */
export async function removeParts(engine: Engine, parts: readonly Part[]): Promise<Remainder[]> {
  const remainders: Remainder[] = [];
  for (const kind of ["container", "network"] as const) {
    await Promise.all(
      parts.filter((part) => part.kind === kind).map(async (part) => {
        const reason = await removePart(engine, part);
        if (reason !== undefined) remainders.push({ part, reason });
      }),
    );
  }
  return remainders;
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
