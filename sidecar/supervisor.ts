import { SERVICE_READY_LINE } from "../policy/wire/launch.ts";
import type { ServiceSpec } from "./services.ts";

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

/** Keeps one service running until it is stopped. */
export class ServiceRunner {
  readonly #spec: ServiceSpec;
  readonly #options: SupervisorOptions;
  #child: Deno.ChildProcess | undefined;
  #isStopping = false;
  #wasReady = false;
  #ready = Promise.withResolvers<void>();

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
   * listens in its place meanwhile. Rejects when it ends before it ever served.
   */
  async run(): Promise<void> {
    let pause: number = BACK_OFF_MS.first;
    while (!this.#isStopping) {
      const started = performance.now();
      const status = await this.#once();
      if (this.#isStopping) return;
      const how = status.signal === null ? `code ${status.code}` : status.signal;
      if (!this.#wasReady) {
        throw new Error(`Cannot start the service ${this.#spec.name}: it ended with ${how}`);
      }
      if (performance.now() - started > SETTLED_MS) pause = BACK_OFF_MS.first;
      this.#options.log(this.#spec.name, `ended with ${how}, starts again in ${pause} ms`);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, BACK_OFF_MS.longest);
    }
  }

  /** Passes a signal on; a service that is not there reads everything anew when it starts. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child?.kill(signal);
    } catch {
      // It ended at this moment.
    }
  }

  /** Ends the service for good, by force if it does not go at once. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined) return;
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), STOP_MS);
    await child.status;
    clearTimeout(timer);
  }

  async #once(): Promise<Deno.CommandStatus> {
    const { args, env, stdin, uid } = this.#spec;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...args],
      clearEnv: true,
      env: { ...runtimeEnvironment(), ...env },
      cwd: "/",
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...(this.#options.dropPrivileges ? { uid, gid: uid } : {}),
    }).spawn();
    this.#child = child;
    const log = (line: string): void => this.#options.log(this.#spec.name, line);
    const outputs = Promise.all([
      eachLine(child.stdout, (line) => {
        if (!line.startsWith(SERVICE_READY_LINE)) return log(line);
        this.#wasReady = true;
        this.#ready.resolve();
      }),
      eachLine(child.stderr, log),
    ]);
    await write(child.stdin, stdin);
    const [status] = await Promise.all([child.status, outputs]);
    this.#child = undefined;
    return status;
  }
}

/** What the runtime itself needs, none of it secret. */
function runtimeEnvironment(): Record<string, string> {
  const names = ["DENO_DIR", "DENO_NO_UPDATE_CHECK"];
  const found = names.map((name) => [name, Deno.env.get(name)] as const);
  return {
    NO_COLOR: "1",
    ...Object.fromEntries(found.filter((pair): pair is [string, string] => pair[1] !== undefined)),
  };
}

async function write(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // The service ended before it read its settings; its status tells.
  }
}

/** The longest line that is passed on whole, in characters. */
const MAX_LINE = 16 * 1024;

/** Hands on each line of a stream; overlong ones in pieces. */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    if (rest.length > MAX_LINE) {
      take(rest);
      rest = "";
    }
  }
  if (rest !== "") take(rest);
}
