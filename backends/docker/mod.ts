import type {
  ActiveBottle,
  Availability,
  Backend,
  BackendContext,
  Bottle,
  CleanupFailure,
  Finding,
  Leftover,
  LogOptions,
  PreparedBottle,
  Progress,
} from "../backend.ts";
import { BackendError } from "../backend.ts";
import type { BottlePlan } from "../../policy/plan.ts";
import { Engine, type EngineInfo, type EngineVersion } from "./engine/engine.ts";

/**
 * Bottles on a container engine, spoken to over its own API: the one that DOCKER_HOST or a default
 * socket reaches. Nothing is connected or loaded before a method needs it.
 */
export function createDockerBackend(context: BackendContext): Backend {
  return new DockerBackend(context);
}

class DockerBackend implements Backend {
  readonly name = "docker";
  readonly #context: BackendContext;
  /** What the engine told when it was asked whether it can be used: a launch asks no second time. */
  #told: { readonly version: EngineVersion; readonly info: EngineInfo } | undefined;

  constructor(context: BackendContext) {
    this.#context = context;
  }

  async isAvailable(): Promise<Availability> {
    try {
      using engine = await this.#connect();
      const info = await engine.call<EngineInfo>("GET", "/info");
      this.#told = { version: engine.version, info };
      const { strongerRuntime } = await import("./prepare.ts");
      if (info.OSType !== "linux") {
        return {
          available: false,
          reason: `the engine runs ${info.OSType} containers`,
          remedy: "switch it to Linux containers",
        };
      }
      const runtime = strongerRuntime(info) ?? "the default";
      const detail =
        `engine ${engine.version.engine} on ${info.OperatingSystem}, ${runtime} runtime`;
      return { available: true, detail };
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      return { available: false, reason: lowerReason(error.message), remedy: error.hint };
    }
  }

  async diagnose(): Promise<readonly Finding[]> {
    using engine = await this.#connect();
    const { diagnose } = await import("./diagnose.ts");
    return await diagnose(engine, this.#context);
  }

  async prepare(
    plan: BottlePlan,
    options: { progress: Progress; signal: AbortSignal },
  ): Promise<PreparedBottle> {
    const [{ prepareBottle }, engine] = await Promise.all([
      import("./prepare.ts"),
      this.#connect(),
    ]);
    try {
      const known = this.#told === undefined ? {} : { info: this.#told.info };
      return await prepareBottle(engine, this.#context, plan, { ...options, ...known });
    } catch (error) {
      engine[Symbol.dispose]();
      throw error;
    }
  }

  async listActive(): Promise<readonly ActiveBottle[]> {
    using engine = await this.#connect();
    const { listActive } = await import("./list.ts");
    return await listActive(engine, this.#context.home);
  }

  async planCleanup(): Promise<readonly Leftover[]> {
    using engine = await this.#connect();
    const { planCleanup } = await import("./cleanup.ts");
    return await planCleanup(engine, this.#context.home);
  }

  async cleanup(leftovers: readonly Leftover[]): Promise<readonly CleanupFailure[]> {
    using engine = await this.#connect();
    const { cleanup } = await import("./cleanup.ts");
    return await cleanup(engine, this.#context.home, leftovers);
  }

  async open(slug: string): Promise<Bottle> {
    const [{ openBottle }, engine] = await Promise.all([import("./running.ts"), this.#connect()]);
    try {
      return await openBottle(engine, this.#context.home, slug);
    } catch (error) {
      engine[Symbol.dispose]();
      throw error;
    }
  }

  async stop(slug: string): Promise<void> {
    using engine = await this.#connect();
    const { stopBottle } = await import("./running.ts");
    await stopBottle(engine, this.#context.home, slug);
  }

  logs(slug: string, options: LogOptions): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#logs(slug, options));
  }

  async reloadEgress(slug: string, routesYaml: string): Promise<void> {
    using engine = await this.#connect();
    const { reloadEgress } = await import("./running.ts");
    await reloadEgress(engine, this.#context.home, { slug, routesYaml });
  }

  async hostAddress(): Promise<string> {
    using engine = await this.#connect();
    const { hostAddress } = await import("./host_address.ts");
    return await hostAddress(engine);
  }

  async freeze(slug: string): Promise<string> {
    using engine = await this.#connect();
    const { freeze } = await import("./freeze.ts");
    return await freeze(engine, this.#context.home, slug);
  }

  async *#logs(slug: string, options: LogOptions): AsyncGenerator<Uint8Array> {
    using engine = await this.#connect();
    const { readLogs } = await import("./logs.ts");
    yield* readLogs(engine, this.#context.home, { slug, ...options });
  }

  #connect(): Promise<Engine> {
    return Engine.connect(this.#context.env, this.#told?.version);
  }
}

/** The part after "Cannot ...:", which reads well after "docker:". */
function lowerReason(message: string): string {
  const at = message.indexOf(": ");
  return at < 0 ? message : message.slice(at + 2);
}
