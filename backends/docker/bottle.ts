import {
  BackendError,
  type Bottle,
  type ExecOptions,
  type ExecResult,
  type Stdio,
} from "../backend.ts";
import type { BottleFile, BottleUser } from "../../policy/plan.ts";
import type { Stay } from "./agent.ts";
import type { Engine } from "./engine/engine.ts";
import { engineWords } from "./engine/failure.ts";
import { type ExecRequest, runExec } from "./exec.ts";
import { partName } from "./labels.ts";

/** What a bottle's handle is made from. */
export interface BottleParts {
  readonly engine: Engine;
  readonly slug: string;
  /** The agent's container. */
  readonly container: string;
  readonly user: BottleUser;
  readonly stay: Stay;
  /** Removes everything; nothing when the bottle is not ours to remove. */
  release(): Promise<void>;
}

const OUTPUT_LIMIT = 1024 * 1024;

/** A running bottle on a container engine. */
export class DockerBottle implements Bottle {
  readonly slug: string;
  readonly #parts: BottleParts;
  #closing: Promise<void> | undefined;

  constructor(parts: BottleParts) {
    this.slug = parts.slug;
    this.#parts = parts;
  }

  agentArgv(argv: readonly string[], { tty }: { tty: boolean }): readonly string[] {
    const { stay, user, slug } = this.#parts;
    const env = Object.entries(stay.env).flatMap(([name, text]) => ["--env", `${name}=${text}`]);
    return [
      "docker",
      "exec",
      tty ? "-it" : "-i",
      "--user",
      `${user.uid}:${user.gid}`,
      "--workdir",
      stay.workdir,
      ...env,
      partName(slug, "agent"),
      ...argv,
    ];
  }

  async execAgent(
    argv: readonly string[],
    stdio: Stdio,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<number> {
    const stdout = stdio.stdout.getWriter();
    const stderr = stdio.terminal ? undefined : stdio.stderr.getWriter();
    try {
      return await runExec(this.#parts.engine, this.#request(argv, "agent"), {
        ...(stdio.stdin ? { stdin: stdio.stdin } : {}),
        ...(stdio.terminal ? { terminal: stdio.terminal } : {}),
        sinks: {
          stdout: (chunk) => stdout.write(chunk),
          stderr: (chunk) => (stderr ?? stdout).write(chunk),
        },
        ...(signal ? { signal } : {}),
      });
    } finally {
      stdout.releaseLock();
      stderr?.releaseLock();
    }
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { stdin, signal, user = "agent" } = options;
    const stdout = new Collected();
    const stderr = new Collected();
    const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
    const code = await runExec(this.#parts.engine, this.#request(argv, user), {
      ...(bytes ? { stdin: [bytes] } : {}),
      sinks: {
        stdout: (chunk) => stdout.add(chunk),
        stderr: (chunk) => stderr.add(chunk),
      },
      ...(signal ? { signal } : {}),
    });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  }

  async copyIn(files: readonly BottleFile[]): Promise<void> {
    const { engine, container, user } = this.#parts;
    const [{ toTar }, { planEntries }, { putArchive }, library] = await Promise.all([
      import("./files/tar.ts"),
      import("./files/plan_entries.ts"),
      import("./files/put.ts"),
      engine.library(),
    ]);
    const entries = planEntries({ user, files, folders: [], skipped: () => {} });
    try {
      await putArchive(library.getContainer(container), toTar(entries));
    } catch (error) {
      if (error instanceof BackendError) throw error;
      throw new BackendError(`Cannot copy files into bottle ${this.slug}: ${engineWords(error)}`, {
        hint: "check with `bot-bottle list active` that it still runs",
        cause: error,
      });
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#parts.release().finally(() => this.#parts.engine[Symbol.dispose]());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #request(argv: readonly string[], as: "agent" | "root"): ExecRequest {
    const { container, stay, user } = this.#parts;
    return {
      container,
      argv,
      env: stay.env,
      user: as === "root" ? "0:0" : `${user.uid}:${user.gid}`,
      workdir: stay.workdir,
    };
  }
}

/** Output up to a limit; the rest is read, so that the process can go on, and dropped. */
class Collected {
  readonly #chunks: Uint8Array[] = [];
  #room = OUTPUT_LIMIT;

  add(chunk: Uint8Array): void {
    if (this.#room <= 0) return;
    const part = chunk.slice(0, this.#room);
    this.#chunks.push(part);
    this.#room -= part.length;
  }

  text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") +
      decoder.decode();
  }
}
