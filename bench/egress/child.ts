import { eachLine } from "../../sidecar/lines.ts";

/** How a process of the benchmark is started. */
export interface ChildOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which then ends; without it the input stays open. */
  readonly input?: string;
}

/** A process that the benchmark started and ends. */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #outputs: Promise<void>[];
  readonly #lines: string[] = [];
  readonly #complaints: string[] = [];
  #waiting: PromiseWithResolvers<string> | undefined;
  #isOver = false;

  private constructor(command: string, options: ChildOptions) {
    this.#process = new Deno.Command(command, {
      args: [...options.args],
      env: { ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#outputs = [
      eachLine(this.#process.stdout, (line) => this.#heard(line)),
      eachLine(this.#process.stderr, (line) => void this.#complaints.push(line)),
    ];
    this.#process.status.then(() => {
      this.#isOver = true;
      this.#waiting?.reject(this.#ended());
    });
  }

  /** Starts a program. Rejects when its input cannot be written. */
  static async start(command: string, options: ChildOptions): Promise<Child> {
    const child = new Child(command, options);
    if (options.input !== undefined) {
      await child.write(options.input);
      await child.#writer.close();
    }
    return child;
  }

  /** Starts a module of ours in the runtime that we run in. */
  static module(path: string, options: ChildOptions): Promise<Child> {
    const file = new URL(path, import.meta.url).pathname;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const [flags, rest] = [options.args.filter(isFlag), options.args.filter((a) => !isFlag(a))];
    return Child.start(Deno.execPath(), {
      ...options,
      args: ["run", "-A", "--quiet", `--config=${config}`, ...flags, file, ...rest],
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** The next line of its output. Rejects when it ends, or the signal says so, before that. */
  async line(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const known = this.#lines.shift();
    if (known !== undefined) return known;
    if (this.#isOver) throw this.#ended();
    const waiting = Promise.withResolvers<string>();
    const abort = (): void => waiting.reject(signal.reason);
    this.#waiting = waiting;
    signal.addEventListener("abort", abort);
    try {
      return await waiting.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#waiting = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It is over already.
    }
    await this.#writer.close().catch(() => {});
    await Promise.all([this.#process.status, ...this.#outputs]);
  }

  #heard(line: string): void {
    if (this.#waiting === undefined) this.#lines.push(line);
    else this.#waiting.resolve(line);
  }

  #ended(): Error {
    return new Error(`a process of the benchmark ended: ${this.#complaints.slice(-5).join(" | ")}`);
  }
}

function isFlag(argument: string): boolean {
  return argument.startsWith("--");
}
