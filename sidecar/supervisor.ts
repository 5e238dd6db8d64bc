import { SERVICE_READY_LINE } from "../policy/wire/launch.ts";
import { eachLine } from "./lines.ts";
import type { ServiceProcess, ServiceSpec } from "./services.ts";

/** First and longest pause before a service that died is started again, in milliseconds. */
const BACK_OFF_MS = Object.freeze({ first: 100, longest: 10_000 });
/** A service that ran this long starts over with the first pause. */
const SETTLED_MS = 60_000;
/** What a stopping service gets before it is killed. */
const STOP_MS = 30;

/** What services are run with. */
export interface SupervisorOptions {
  /** Change to the service's own account; the init has to be root. */
  readonly dropPrivileges: boolean;
  /** Takes one line of a service's output, without its line break. */
  readonly log: (name: string, line: string) => void;
}

/**
 * Starts a service's process, which waits on standard input for what it is told. `environment` is
 * added to what the runtime itself needs.
 */
export function spawnService(
  service: ServiceProcess,
  options: {
    readonly dropPrivileges: boolean;
    readonly environment?: Readonly<Record<string, string>>;
  },
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...service.args],
    clearEnv: true,
    env: { ...runtimeEnvironment(), ...options.environment },
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.dropPrivileges ? { uid: service.uid, gid: service.uid } : {}),
  }).spawn();
}

/** Keeps one service running until it is stopped. */
export class ServiceRunner {
  readonly #spec: ServiceSpec;
  readonly #options: SupervisorOptions;
  readonly #ready = Promise.withResolvers<void>();
  #child: Deno.ChildProcess | undefined;
  #isStopping = false;
  #wasReady = false;

  constructor(spec: ServiceSpec, options: SupervisorOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  /** Resolves when the service served for the first time. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /**
   * Runs the service, and again whenever it ends, until {@linkcode ServiceRunner.stop}. Nothing
   * listens in its place meanwhile. `warm` is a process of it that waits already. Rejects when it
   * ends before it ever served.
   */
  async run(warm?: Deno.ChildProcess): Promise<void> {
    let pause: number = BACK_OFF_MS.first;
    let child = warm ?? spawnService(this.#spec, this.#options);
    for (;;) {
      const started = performance.now();
      const { signal, code } = await this.#serve(child);
      if (this.#isStopping) return;
      const how = signal === null ? `code ${code}` : signal;
      if (!this.#wasReady) {
        throw new Error(`Cannot start the service ${this.#spec.name}: it ended with ${how}`);
      }
      if (performance.now() - started > SETTLED_MS) pause = BACK_OFF_MS.first;
      this.#options.log(this.#spec.name, `ended with ${how}, starts again in ${pause} ms`);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, BACK_OFF_MS.longest);
      if (this.#isStopping) return;
      child = spawnService(this.#spec, this.#options);
    }
  }

  /** Passes a signal on; a service that is not there reads everything anew when it starts. */
  signal(signal: Deno.Signal): void {
    if (this.#child !== undefined) sendSignal(this.#child, signal);
  }

  /** Ends the service for good, by force if it does not go at once. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined) return;
    sendSignal(child, "SIGTERM");
    const timer = setTimeout(() => sendSignal(child, "SIGKILL"), STOP_MS);
    await child.status;
    clearTimeout(timer);
  }

  async #serve(child: Deno.ChildProcess): Promise<Deno.CommandStatus> {
    this.#child = child;
    const log = (line: string): void => this.#options.log(this.#spec.name, line);
    const onOutput = (line: string): void => {
      if (!line.startsWith(SERVICE_READY_LINE)) return log(line);
      this.#wasReady = true;
      this.#ready.resolve();
    };
    const outputs = [eachLine(child.stdout, onOutput), eachLine(child.stderr, log)];
    await write(child.stdin, this.#spec.stdin);
    const [status] = await Promise.all([child.status, ...outputs]);
    this.#child = undefined;
    return status;
  }
}

/** Sends a signal to a process that may have ended at this moment. */
export function sendSignal(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}

/** What the runtime itself needs, none of it secret. */
function runtimeEnvironment(): Record<string, string> {
  const env: Record<string, string> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const cache = Deno.env.get("DENO_DIR");
  if (cache !== undefined) env.DENO_DIR = cache;
  return env;
}

async function write(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // The service ended before it read what it is told; its status tells.
  }
}
