import process from "node:process";

/** What a program left behind when it ended. */
export interface Finished {
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  readonly timedOut: boolean;
}

export interface RunOptions {
  readonly cwd: string;
  /** Milliseconds after which the program is killed. */
  readonly limit: number;
  /** Sees each piece of output as it comes. */
  readonly onOutput?: (chunk: Uint8Array) => void;
}

/** The name by which reports show this runtime, whose real path differs from machine to machine. */
export function shown(argv: readonly string[]): string {
  return argv.map((word) => (word === Deno.execPath() ? "deno" : word)).join(" ");
}

/** Runs a program to its end without standard input. Never throws for what the program does. */
export async function run(argv: readonly string[], options: RunOptions): Promise<Finished> {
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    cwd: options.cwd,
    env: { NO_COLOR: "1", CI: process.env.CI ?? "true" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, options.limit);
  const chunks: Uint8Array[] = [];
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const chunk of stream) {
      chunks.push(chunk);
      options.onOutput?.(chunk);
    }
  };
  try {
    const [status] = await Promise.all([
      child.status,
      collect(child.stdout),
      collect(child.stderr),
    ]);
    return { code: status.code, output: await new Blob(chunks as BlobPart[]).text(), timedOut };
  } finally {
    clearTimeout(timer);
  }
}
