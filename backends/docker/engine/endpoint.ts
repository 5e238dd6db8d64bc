import { BackendError } from "../../backend.ts";

/** Where a container engine listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | {
    readonly kind: "tcp";
    readonly host: string;
    readonly port: number;
    readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  };

type Env = (name: string) => string | undefined;

/**
 * Finds the engine: DOCKER_HOST when set, else the first default socket that exists.
 * Throws BackendError when there is none or its address is of a kind that is not supported.
 */
export async function findEndpoint(env: Env): Promise<Endpoint> {
  const configured = env("DOCKER_HOST");
  if (configured) return await parseHost(configured, env);
  const candidates = defaultSockets(env);
  for (const path of candidates) {
    if (await exists(path)) return { kind: "unix", path };
  }
  throw new BackendError(
    `Cannot reach a container engine: no socket at ${candidates.join(" or ")}`,
    { hint: "install Docker Engine and start it, or set DOCKER_HOST to where it listens" },
  );
}

/** How messages name the engine. */
export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === "unix" ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}

function defaultSockets(env: Env): string[] {
  const runtime = env("XDG_RUNTIME_DIR");
  const home = env("HOME");
  return [
    "/var/run/docker.sock",
    ...(runtime ? [`${runtime}/docker.sock`] : []),
    ...(home ? [`${home}/.docker/run/docker.sock`] : []),
  ];
}

async function parseHost(value: string, env: Env): Promise<Endpoint> {
  if (value.startsWith("unix://")) {
    return { kind: "unix", path: value.slice("unix://".length) || "/var/run/docker.sock" };
  }
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const scheme = url?.protocol ?? "";
  if (!url || !["tcp:", "http:", "https:"].includes(scheme)) {
    throw new BackendError(
      `Cannot reach a container engine: DOCKER_HOST has the unsupported form ${
        JSON.stringify(value)
      }`,
      {
        hint: "use unix:// or tcp://; for an engine behind ssh forward its socket with " +
          "`ssh -N -L /tmp/docker.sock:/var/run/docker.sock HOST` and name that socket",
      },
    );
  }
  // tcp: is not a special scheme, so its host is taken from an http: address of the same text.
  const { hostname, port } = new URL(value.replace(/^[a-z]+:/, "http:"));
  const secure = scheme === "https:" || port === "2376" || Boolean(env("DOCKER_TLS_VERIFY"));
  const number = port === "" ? (secure ? 2376 : 2375) : Number(port);
  if (!secure) return { kind: "tcp", host: hostname, port: number };
  return { kind: "tcp", host: hostname, port: number, tls: await readCertificates(env) };
}

async function readCertificates(env: Env): Promise<{ ca: string; cert: string; key: string }> {
  const folder = env("DOCKER_CERT_PATH") || `${env("HOME") ?? ""}/.docker`;
  const read = (name: string): Promise<string> => Deno.readTextFile(`${folder}/${name}.pem`);
  try {
    const [ca, cert, key] = await Promise.all([read("ca"), read("cert"), read("key")]);
    return { ca, cert, key };
  } catch (cause) {
    throw new BackendError(
      `Cannot reach a container engine: its certificates in ${folder} are not readable`,
      { hint: "set DOCKER_CERT_PATH to a folder with ca.pem, cert.pem and key.pem", cause },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
