import type { BackendContext, PreparedBottle, Progress } from "../backend.ts";
import type { BottlePlan } from "../../policy/plan.ts";
import type { Engine, EngineInfo } from "./engine/engine.ts";
import { ensureAgentImage, ensureSidecarImage } from "./image/ensure.ts";
import { imageRoots } from "./image/roots.ts";
import { homeId } from "./labels.ts";
import { launchBottle } from "./launch.ts";

/** The runtime with a kernel of its own that is taken whenever the engine has it. */
const STRONGER_RUNTIME = "runsc";

/** Makes or finds the images and learns what the engine's machine has. */
export async function prepareBottle(
  engine: Engine,
  context: BackendContext,
  plan: BottlePlan,
  options: { progress: Progress; signal: AbortSignal; info?: EngineInfo },
): Promise<PreparedBottle> {
  const home = await homeId(context.home);
  const ensure = { context, home, ...options };
  const agentImage = async (): Promise<[Awaited<ReturnType<typeof ensureAgentImage>>, string]> => {
    const image = await ensureAgentImage(engine, plan.image, ensure);
    return [image, await imageRoots(engine, image, { home: context.home, mark: home })];
  };
  const [[image, roots], sidecarImage, info] = await Promise.all([
    agentImage(),
    ensureSidecarImage(engine, ensure),
    options.info ?? engine.call<EngineInfo>("GET", "/info"),
  ]);
  const runtime = strongerRuntime(info);
  const prepared = { image, roots, sidecarImage, memoryBytes: info.MemTotal, runtime };
  return {
    image: `${image.name} (${runtime ?? "default"} runtime)`,
    launch: async ({ progress, signal }) =>
      await launchBottle({
        engine,
        plan,
        prepared,
        progress,
        signal,
        mark: {
          home,
          launch: crypto.randomUUID(),
          startedAt: new Date().toISOString(),
          services: plan.sidecar.services,
        },
      }),
  };
}

/** `runsc` when the engine knows it. */
export function strongerRuntime(info: Pick<EngineInfo, "Runtimes">): string | undefined {
  return info.Runtimes && STRONGER_RUNTIME in info.Runtimes ? STRONGER_RUNTIME : undefined;
}
