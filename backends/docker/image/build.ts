import type { Readable } from "node:stream";
import { BackendError, type Progress } from "../../backend.ts";
import type { Engine } from "../engine/engine.ts";
import { engineWords } from "../engine/failure.ts";
import { toTar } from "../files/tar.ts";
import { printable } from "../printable.ts";
import { type BuildContext, contextEntries } from "./context.ts";

/** An image to build. */
export interface BuildRequest {
  /** `name:tag` that the result gets. */
  readonly tag: string;
  readonly context: BuildContext;
  /** Path of the Dockerfile in the context. */
  readonly dockerfile: string;
  readonly labels: Readonly<Record<string, string>>;
}

const KEPT_LINES = 15;
const LINE_LIMIT = 200;

/**
 * Builds an image, telling of each step. Aborting closes the connection, at which the engine stops
 * the build and removes its containers. Throws BackendError with the step that failed.
 */
export async function buildImage(
  engine: Engine,
  request: BuildRequest,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const library = await engine.library();
  const told = new BuildLog(progress);
  const archive = toTar(contextEntries(request.context));
  const stop = (): void => void archive.destroy(new Error("the build was given up"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    const answer = await library.buildImage(archive, {
      t: request.tag,
      dockerfile: request.dockerfile,
      labels: { ...request.labels },
      rm: true,
      forcerm: true,
      version: "1",
    });
    await readLines(answer as Readable, signal, (line) => told.read(line));
  } catch (error) {
    signal.throwIfAborted();
    throw failed(request.tag, told, engineWords(error), error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (told.error !== undefined) throw failed(request.tag, told, told.error);
}

/** What the engine tells while it builds. */
class BuildLog {
  readonly #progress: Progress;
  readonly #last: string[] = [];
  step = "";
  error: string | undefined;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** One JSON message of the engine. */
  read(text: string): void {
    const message = JSON.parse(text) as {
      stream?: string;
      status?: string;
      id?: string;
      progress?: string;
      error?: string;
    };
    if (message.error !== undefined) this.error = printable(message.error, LINE_LIMIT);
    const pulled = message.status && !message.progress
      ? `${message.status} ${message.id ?? ""}`
      : "";
    for (const line of (message.stream ?? pulled).split(/[\r\n]/)) {
      this.#tell(printable(line, LINE_LIMIT));
    }
  }

  /** The last lines before it failed. */
  tail(): string {
    return this.#last.join("\n");
  }

  #tell(line: string): void {
    if (line === "") return;
    if (/^Step \d/.test(line)) {
      this.step = line;
      this.#last.length = 0;
    }
    this.#last.push(line);
    if (this.#last.length > KEPT_LINES) this.#last.shift();
    this.#progress.step(line);
  }
}

async function readLines(
  answer: Readable,
  signal: AbortSignal,
  each: (line: string) => void,
): Promise<void> {
  const stop = (): void => void answer.destroy(new Error("the build was given up"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of answer) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") each(line);
    }
    if (rest.trim() !== "") each(rest);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function failed(tag: string, log: BuildLog, reason: string, cause?: unknown): BackendError {
  const base = /^Step \d+\/\d+ : FROM (\S+)/i.exec(log.step)?.[1] ?? missingBase(reason);
  const hint = base === undefined
    ? `the last lines were:\n${log.tail()}`
    : `the base image ${base} is not on this machine and could not be pulled; check the engine's ` +
      `way to the registry, or load the image with \`docker load\` or \`docker import\``;
  const step = log.step === "" ? "" : ` in ${log.step}`;
  return new BackendError(`Cannot build image ${tag}${step}: ${printable(reason, LINE_LIMIT)}`, {
    hint,
    cause,
  });
}

function missingBase(reason: string): string | undefined {
  return /pull access denied for ([^\s,]+)|manifest for (\S+) not found/.exec(reason)?.[1];
}
