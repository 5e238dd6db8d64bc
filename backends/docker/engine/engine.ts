// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { BackendError } from "../../backend.ts";
import { EngineCalls } from "./call.ts";
import { type Endpoint, findEndpoint } from "./endpoint.ts";

/** The oldest API that has all that is used here: engine 20.10. */
const OLDEST_API = "1.41";

/** The newest API that this program was written against; newer engines still speak it. */
const NEWEST_API = "1.48";

/** What the engine tells of itself. */
export interface EngineVersion {
  /** e.g. `20.10.24`. */
  readonly engine: string;
  /** First number of the engine's version. */
  readonly major: number;
  /** The API that is spoken with it, e.g. `1.41`. */
  readonly api: string;
}

/** What the engine tells of the machine it runs on. */
export interface EngineInfo {
  readonly OperatingSystem: string;
  readonly OSType: string;
  /** Where the engine keeps its images, on its machine. */
  readonly DockerRootDir: string;
  /** Bytes. */
  readonly MemTotal: number;
  readonly Runtimes: Readonly<Record<string, unknown>> | null;
}

/** A connection to one engine; closing it ends idle connections only. */
export class Engine implements Disposable {
  readonly endpoint: Endpoint;
  readonly version: EngineVersion;
  readonly #calls: EngineCalls;
  #library: Promise<Docker> | undefined;

  private constructor(endpoint: Endpoint, calls: EngineCalls, version: EngineVersion) {
    this.endpoint = endpoint;
    this.#calls = calls;
    this.version = version;
  }

  /**
   * Finds the engine and agrees on a version, unless one was agreed on before. Throws BackendError
   * when that fails.
   */
  static async connect(
    env: (name: string) => string | undefined,
    agreed?: EngineVersion,
  ): Promise<Engine> {
    const endpoint = await findEndpoint(env);
    const calls = new EngineCalls(endpoint);
    try {
      return new Engine(endpoint, calls, agreed ?? await agree(calls));
    } catch (error) {
      calls.close();
      throw error;
    }
  }

  /** A call that needs no stream, without waiting for the library. */
  async call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
    return await this.#calls.call<T>(method, `/v${this.version.api}${path}`, body);
  }

  /** The client library joined to this engine; loaded on first use. */
  library(): Promise<Docker> {
    this.#library ??= load(this.endpoint, this.version.api);
    return this.#library;
  }

  /** True when the engine speaks this version of the API. */
  speaks(api: string): boolean {
    return compareVersions(this.version.api, api) >= 0;
  }

  [Symbol.dispose](): void {
    this.#calls.close();
  }
}

async function agree(calls: EngineCalls): Promise<EngineVersion> {
  const told = await calls.call<{ Version: string; ApiVersion: string }>("GET", "/version");
  if (compareVersions(told.ApiVersion, OLDEST_API) < 0) {
    throw new BackendError(
      `Cannot use the container engine: it speaks API ${told.ApiVersion}, ${OLDEST_API} is needed`,
      { hint: "update Docker Engine to 20.10 or newer" },
    );
  }
  const api = compareVersions(told.ApiVersion, NEWEST_API) > 0 ? NEWEST_API : told.ApiVersion;
  return { engine: told.Version, major: Number.parseInt(told.Version, 10) || 0, api };
}

function compareVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split(".").map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split(".").map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

async function load(endpoint: Endpoint, api: string): Promise<Docker> {
  // @ts-types="@types/dockerode"
  const { default: Library } = await import("dockerode");
  const version = `v${api}`;
  // The library reads DOCKER_HOST by itself too, so every field that it would set is given.
  if (endpoint.kind === "unix") {
    return new Library({ socketPath: endpoint.path, host: "", protocol: "http", version });
  }
  const { host, port, tls } = endpoint;
  const base = { host, port, version, socketPath: "" };
  return new Library(tls ? { ...base, ...tls, protocol: "https" } : { ...base, protocol: "http" });
}
