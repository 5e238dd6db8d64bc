import type { BottleFile, BottleIdentity, BottlePlan } from "../policy/plan.ts";

/** Whether a backend can be used here and, if not, why and what to do about it. */
export type Availability =
  | { readonly available: true; readonly detail: string }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** Told of long work as it goes on, e.g. a build's steps; one short line each, already safe to print. */
export interface Progress {
  step(message: string): void;
}

/** Size of a terminal in character cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The byte streams that a process inside a bottle is joined to. */
export interface Stdio {
  /** Absent: the process reads end of file. */
  readonly stdin?: ReadableStream<Uint8Array>;
  readonly stdout: WritableStream<Uint8Array>;
  /** Unused when there is a terminal, which has one output. */
  readonly stderr: WritableStream<Uint8Array>;
  /** Present: the process gets a pseudo-terminal of this size. */
  readonly terminal?: {
    readonly size: TerminalSize;
    /** Calls back at each change of size until the signal aborts. */
    onResize(listener: (size: TerminalSize) => void, signal: AbortSignal): void;
  };
}

export interface ExecOptions {
  readonly user?: "agent" | "root";
  readonly stdin?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running bottle. Closing it (or leaving its `await using` scope) removes all that it is made of. */
export interface Bottle extends AsyncDisposable {
  readonly slug: string;
  /** The complete argument vector that starts `argv` inside, for a person to read or run. */
  agentArgv(argv: readonly string[], options: { tty: boolean }): readonly string[];
  /**
   * Runs the agent as its user in its working directory, joined to `stdio`. Resolves with the
   * exit code (128 + signal number when a signal ended it). Aborting ends the process.
   */
  execAgent(
    argv: readonly string[],
    stdio: Stdio,
    options?: { signal?: AbortSignal },
  ): Promise<number>;
  /** Runs a program to its end and collects at most 1 MiB of each output. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  copyIn(files: readonly BottleFile[]): Promise<void>;
  /** Removes everything, once, in reverse order of making; later calls wait for the first. */
  close(): Promise<void>;
}

/** A bottle that some process is running. */
export interface ActiveBottle extends BottleIdentity {
  readonly backend: string;
  readonly services: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  /** False when part of it is gone or stopped. */
  readonly healthy: boolean;
}

/** One thing that a bottle left on the machine. */
export interface Leftover {
  readonly slug: string;
  /** What it is, e.g. `container`, `network`, `image`. */
  readonly kind: string;
  /** The backend's own identifier. */
  readonly id: string;
  readonly name: string;
}

export interface CleanupFailure {
  readonly leftover: Leftover;
  readonly reason: string;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Only this service's lines. */
  readonly service?: string;
  readonly signal?: AbortSignal;
}

/** Something that `doctor` tells of a backend that is available. */
export interface Finding {
  /** E.g. `base images`. */
  readonly subject: string;
  readonly status: "ok" | "warn" | "fail";
  /** What is the case. */
  readonly detail: string;
  /** What to do about it; absent when all is well. */
  readonly remedy?: string;
}

/** An isolation technology. Making one costs nothing; each method connects when it must. */
export interface Backend {
  readonly name: string;
  isAvailable(): Promise<Availability>;
  /** Looks closer than `isAvailable`, e.g. for images; may take a few seconds, makes nothing. */
  diagnose?(): Promise<readonly Finding[]>;
  /** Makes or finds the images that the plan needs; the only step that may take minutes. */
  prepare(
    plan: BottlePlan,
    options: { progress: Progress; signal: AbortSignal },
  ): Promise<PreparedBottle>;
  listActive(): Promise<readonly ActiveBottle[]>;
  /** Everything on this backend that belongs to this home, running or not. */
  planCleanup(): Promise<readonly Leftover[]>;
  /** Removes the given things, continuing past failures, which it returns. */
  cleanup(leftovers: readonly Leftover[]): Promise<readonly CleanupFailure[]>;
  /** The running bottle of that name, not owned: closing the result only lets go of it. */
  open(slug: string): Promise<Bottle>;
  /** Removes a running bottle, whoever started it. */
  stop(slug: string): Promise<void>;
  /** The sidecar's log as it was written, one chunk or more a line. */
  logs(slug: string, options: LogOptions): ReadableStream<Uint8Array>;
  /** Replaces the live routes.yaml and has the sidecar read it again. */
  reloadEgress(slug: string, routesYaml: string): Promise<void>;
  /** IP address by which this backend's sidecars reach services of the host. */
  hostAddress(): Promise<string>;
  /** Snapshots the agent's file system; resolves with the artifact's name. */
  freeze(slug: string): Promise<string>;
}

/** A plan with everything found that launching needs; nothing has been started yet. */
export interface PreparedBottle {
  /** Lines for the preflight, e.g. the image and why the runtime was chosen. */
  readonly image: string;
  launch(options: { progress: Progress; signal: AbortSignal }): Promise<Bottle>;
}

/** What every backend is constructed with. */
export interface BackendContext {
  /** The operator's bot-bottle folder, absolute. */
  readonly home: string;
  /** PEM bundle that image builds trust besides the stock roots; empty for none. */
  hostCaBundle(): Promise<string>;
  /** Path in the sidecar's build context to its text: the program's own sidecar sources. */
  sidecarSources(): Promise<ReadonlyMap<string, string>>;
  env(name: string): string | undefined;
}

/** A backend's expected failure: what could not be done and why, and what to do about it. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly hint: string;

  constructor(message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}
