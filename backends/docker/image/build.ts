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
  /** Lines of the Dockerfile that are not its author's; nobody is told of their steps. */
  readonly inserted: readonly string[];
}

const KEPT_LINES = 40;
const LINE_LIMIT = 200;
/** Enough for each inserted line, which is told apart by its whole text. */
const STEP_LIMIT = 4000;

/** What the engine says of its own doings between the steps. */
const ENGINE_NOTES = /^(---> |Removing intermediate container |Successfully (built|tagged) )/;

/**
 * Builds an image, telling of each step that its author wrote. Aborting closes the connection, at which the engine stops
 * the build and removes its containers. Throws BackendError with the step that failed.
 */
export async function buildImage(
  engine: Engine,
  request: BuildRequest,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const library = await engine.library();
  const told = new BuildLog(progress, foreignSteps(request));
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

/** Steps of a build that its Dockerfile's author did not write: how many, and their texts. */
interface ForeignSteps {
  readonly count: number;
  readonly texts: ReadonlySet<string>;
}

function foreignSteps({ inserted, labels, context, dockerfile }: BuildRequest): ForeignSteps {
  const lines = (context.texts.get(dockerfile) ?? "").split("\n");
  const own = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${value}`);
  const texts = new Set([...inserted, ...own]);
  // The engine makes one more step of all labels that it is asked for.
  return { count: lines.filter((line) => inserted.includes(line)).length + 1, texts };
}

/** What the engine tells while it builds; of that a person is told the steps and what is pulled. */
class BuildLog {
  readonly #progress: Progress;
  readonly #foreign: ForeignSteps;
  readonly #last: string[] = [];
  #steps = 0;
  step = "";
  error: string | undefined;

  constructor(progress: Progress, foreign: ForeignSteps) {
    this.#progress = progress;
    this.#foreign = foreign;
  }

  /** One JSON message of the engine. */
  read(text: string): void {
    const message = JSON.parse(text) as { stream?: string; status?: string; error?: string };
    if (message.error !== undefined) this.error = printable(message.error, LINE_LIMIT);
    if (message.status?.startsWith("Pulling from ")) {
      this.#progress.step(printable(message.status, LINE_LIMIT));
    }
    for (const line of (message.stream ?? "").split(/[\r\n]/)) {
      this.#keep(printable(line, STEP_LIMIT));
    }
  }

  /** The last lines before it failed. */
  tail(): string {
    return this.#last.join("\n");
  }

  #keep(line: string): void {
    const [, total, text] = /^Step \d+\/(\d+) : (.*)$/.exec(line) ?? [];
    if (text === undefined) {
      if (line === "" || ENGINE_NOTES.test(line)) return;
      this.#last.push(line.slice(0, LINE_LIMIT));
      if (this.#last.length > KEPT_LINES) this.#last.shift();
      return;
    }
    this.#last.length = 0;
    if (this.#foreign.texts.has(text)) return;
    const step = `Step ${++this.#steps}/${Number(total) - this.#foreign.count} : ${text}`;
    this.step = step.slice(0, LINE_LIMIT);
    this.#progress.step(this.step);
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
