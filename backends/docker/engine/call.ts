import { BackendError } from "../../backend.ts";
import { type Endpoint, endpointName } from "./endpoint.ts";

/** An answer of the engine other than success. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Calls of the Engine API with a JSON body and a JSON answer, over the runtime's own fetch.
 *
 * The client library takes about 80 ms to load. What must be asked before or while it loads (the
 * version, images, making networks) goes through here; everything else goes through the library.
 */
export class EngineCalls {
  readonly #endpoint: Endpoint;
  readonly #client: Deno.HttpClient;
  readonly #base: string;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    if (endpoint.kind === "unix") {
      this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path: endpoint.path } });
      this.#base = "http://engine";
    } else {
      const { tls } = endpoint;
      this.#client = Deno.createHttpClient(
        tls ? { caCerts: [tls.ca], cert: tls.cert, key: tls.key } : {},
      );
      this.#base = `${tls ? "https" : "http"}://${endpoint.host}:${endpoint.port}`;
    }
  }

  /** Throws EngineError for an answer other than success, BackendError when there is none. */
  async call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
    const init: RequestInit & { client: Deno.HttpClient } = { method, client: this.#client };
    if (body !== undefined) {
      init.headers = { "content-type": "application/json" };
      init.body = JSON.stringify(body);
    }
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#base + path, init);
      text = await response.text();
    } catch (cause) {
      throw await explainUnreachable(this.#endpoint, cause);
    }
    if (!response.ok) throw new EngineError(response.status, messageOf(text));
    return (text === "" ? null : JSON.parse(text)) as T;
  }

  /** Closes the connections that are kept open for reuse. */
  close(): void {
    this.#client.close();
  }
}

function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // Not JSON: the text itself is the best explanation there is.
  }
  return text.trim().slice(0, 1000) || "no explanation";
}

/** Says why no answer came: a refused permission, a dead engine, or something else. */
async function explainUnreachable(endpoint: Endpoint, cause: unknown): Promise<BackendError> {
  const name = endpointName(endpoint);
  const denied = endpoint.kind === "unix" && await isDenied(endpoint.path);
  if (denied) {
    return new BackendError(`Cannot use the container engine: no permission to open ${name}`, {
      hint: "add your user to the group docker (`sudo usermod -aG docker $USER`) and log in again",
      cause,
    });
  }
  return new BackendError(`Cannot reach the container engine: nothing answers at ${name}`, {
    hint: "start it (`sudo systemctl start docker`), or set DOCKER_HOST to where it listens",
    cause,
  });
}

async function isDenied(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied;
  }
}
