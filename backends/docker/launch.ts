import { BackendError, type Bottle, type Progress } from "../backend.ts";
import type { BottlePlan } from "../../policy/plan.ts";
import { startAgent, stayOf } from "./agent.ts";
import { DockerBottle } from "./bottle.ts";
import type { Engine } from "./engine/engine.ts";
import type { Image } from "./image/ensure.ts";
import type { LaunchMark } from "./labels.ts";
import { type BottleNetworks, createNetworks } from "./networks.ts";
import { releaseLaunch } from "./release.ts";
import { startSidecar } from "./sidecar.ts";

/** What was found out before anything is started. */
export interface Prepared {
  readonly image: Image;
  readonly sidecarImage: Image;
  /** Roots that the agent's image trusts, PEM. */
  readonly roots: string;
  /** Of the engine's machine. */
  readonly memoryBytes: number;
  /** The engine's stronger runtime when it has one. */
  readonly runtime: string | undefined;
}

/** One launch: what it is made from, how it is told apart and stopped. */
export interface LaunchScope {
  readonly engine: Engine;
  readonly plan: BottlePlan;
  readonly prepared: Prepared;
  readonly mark: LaunchMark;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const SETUP_OUTPUT_SHOWN = 2000;

/**
 * Makes the networks, then the sidecar and the agent's container at the same time; resolves once
 * the sidecar is ready and the setup commands have run. On any failure, or when the signal aborts,
 * everything is removed before this rejects.
 */
export async function launchBottle(scope: LaunchScope): Promise<Bottle> {
  const { engine, plan, mark, signal } = scope;
  signal.throwIfAborted();
  let bottle: DockerBottle | undefined;
  try {
    // The library and the archive writer load while the engine makes the networks.
    const [networks] = await Promise.all([
      createNetworks(engine, plan.identity, mark),
      engine.library(),
      import("./files/tar.ts"),
    ]);
    signal.throwIfAborted();
    const agentId = await startBoth(scope, networks);
    bottle = new DockerBottle({
      engine,
      slug: plan.identity.slug,
      container: agentId,
      user: plan.agent.user,
      stay: stayOf(plan.agent),
      release: () => releaseLaunch(engine, mark.launch),
    });
    await runSetup(bottle, scope);
    signal.throwIfAborted();
    return bottle;
  } catch (error) {
    await giveUp(scope, error);
    throw error;
  }
}

/** Neither is left in the middle of something when this rejects, so that release finds all of it. */
async function startBoth(scope: LaunchScope, networks: BottleNetworks): Promise<string> {
  const failure = new AbortController();
  const signal = AbortSignal.any([scope.signal, failure.signal]);
  const inner: LaunchScope = { ...scope, signal };
  const stopOther = (error: unknown): never => {
    failure.abort(error);
    throw error;
  };
  const [sidecar, agent] = await Promise.allSettled([
    startSidecar(inner, networks).catch(stopOther),
    startAgent(inner, networks).catch(stopOther),
  ]);
  scope.signal.throwIfAborted();
  failure.signal.throwIfAborted();
  if (sidecar.status === "rejected") throw sidecar.reason;
  if (agent.status === "rejected") throw agent.reason;
  return agent.value;
}

async function runSetup(bottle: Bottle, { plan, progress, signal }: LaunchScope): Promise<void> {
  for (const argv of plan.agent.setup) {
    progress.step(`running ${argv[0] ?? ""}`);
    const { code, stdout, stderr } = await bottle.exec(argv, { signal });
    if (code === 0) continue;
    throw new BackendError(`Cannot set the bottle up: ${argv[0] ?? ""} ended with ${code}`, {
      hint: (stderr || stdout).slice(-SETUP_OUTPUT_SHOWN).trim() || "it said nothing",
    });
  }
}

/** The launch's own failure is what the user must see; what is left over is added to it. */
async function giveUp({ engine, mark }: LaunchScope, error: unknown): Promise<void> {
  try {
    await releaseLaunch(engine, mark.launch);
  } catch (left) {
    throw new AggregateError([error, left], error instanceof Error ? error.message : `${error}`);
  } finally {
    engine[Symbol.dispose]();
  }
}
