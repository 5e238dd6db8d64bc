import { BackendError, type Bottle, type Progress } from "../backend.ts";
import type { BottlePlan } from "../../policy/plan.ts";
import { startAgent, stayOf } from "./agent.ts";
import { DockerBottle } from "./bottle.ts";
import type { Engine } from "./engine/engine.ts";
import type { Image } from "./image/ensure.ts";
import type { LaunchMark } from "./labels.ts";
import { chooseSubnets, createNetwork, RangeTaken } from "./networks.ts";
import { releaseLaunch } from "./release.ts";
import { settled } from "./settled.ts";
import { startSidecar } from "./sidecar.ts";
import type { Subnets } from "./subnets.ts";

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

/** What a launch is asked for. */
export interface LaunchRequest {
  readonly engine: Engine;
  readonly plan: BottlePlan;
  readonly prepared: Prepared;
  readonly mark: LaunchMark;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** One attempt: its ranges, and its networks as they come into being. */
export interface LaunchScope extends LaunchRequest {
  readonly subnets: Subnets;
  /** Ids. */
  readonly networks: { readonly internal: Promise<string>; readonly egress: Promise<string> };
}

const SETUP_OUTPUT_SHOWN = 2000;

/** How often other ranges are tried when some network overlaps them after all. */
const ATTEMPTS = 8;

/**
 * Makes networks, sidecar and agent's container all at the same time; resolves once the sidecar is
 * ready and the setup commands have run. On any failure, or when the signal aborts, everything is
 * removed before this rejects.
 */
export async function launchBottle(request: LaunchRequest): Promise<Bottle> {
  const { engine, plan, mark, signal } = request;
  try {
    signal.throwIfAborted();
    const container = await startParts(request);
    const bottle = new DockerBottle({
      engine,
      slug: plan.identity.slug,
      container,
      user: plan.agent.user,
      stay: stayOf(plan.agent),
      release: () => releaseLaunch(engine, mark.launch),
    });
    await runSetup(bottle, request);
    signal.throwIfAborted();
    return bottle;
  } catch (error) {
    await giveUp(request, error);
    throw error;
  }
}

/** Resolves with the id of the agent's container. */
async function startParts(request: LaunchRequest): Promise<string> {
  const refused: Subnets[] = [];
  for (let attempt = 1;; attempt++) {
    const subnets = await chooseSubnets(refused);
    try {
      return await startOnce(request, subnets);
    } catch (error) {
      if (!(error instanceof RangeTaken)) throw error;
      if (attempt === ATTEMPTS) throw error.cause;
      refused.push(subnets);
      await releaseLaunch(request.engine, request.mark.launch);
    }
  }
}

async function startOnce(request: LaunchRequest, subnets: Subnets): Promise<string> {
  const { engine, plan: { identity }, mark } = request;
  const failure = new AbortController();
  const signal = AbortSignal.any([request.signal, failure.signal]);
  const network = (role: "internal" | "egress"): Promise<string> =>
    createNetwork(engine, { role, identity, mark, subnets });
  // The engine makes one at a time, and the bottle's own is needed first.
  const internal = network("internal");
  const networks = { internal, egress: internal.then(() => network("egress")) };
  const scope: LaunchScope = { ...request, signal, subnets, networks };
  const agent = startAgent(scope);
  const parts = [networks.internal, networks.egress, agent, startSidecar(scope)];
  for (const part of parts) part.catch((error) => failure.abort(error));
  await settled(parts);
  return await agent;
}

async function runSetup(bottle: Bottle, { plan, progress, signal }: LaunchRequest): Promise<void> {
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
async function giveUp({ engine, mark }: LaunchRequest, error: unknown): Promise<void> {
  try {
    await releaseLaunch(engine, mark.launch);
  } catch (left) {
    throw new AggregateError([error, left], error instanceof Error ? error.message : `${error}`);
  } finally {
    engine[Symbol.dispose]();
  }
}
