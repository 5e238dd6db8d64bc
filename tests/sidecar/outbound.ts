import { Buffer } from "node:buffer";
import { type IncomingMessage, request } from "node:http";
import { PROCESSED_FOLDER, type Proposal } from "../../policy/wire/proposal.ts";
import { type Origin, startOrigin } from "./origin.ts";
import { type RunningProxy, startProxy, until } from "./proxy.ts";

/** The host that everything goes to; https, and by a credential. */
export const HOST = "api.example.com";
/** The same in the clear. */
export const PLAIN = "plain.example.com";
/** What the sidecar holds. */
export const TOKEN = ["held", "9Qm4xT7vLk2", "Zr8pWn5"].join("-");
/** In the form of a token that nobody gave. */
export const FOUND = ["ghp", "2Kd8sLq0VbNw7RtYxZ3mHj5PcGf9Ua1EoXi4"].join("_");

/** One request as the origin got it. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** Did it end as it should? */
  readonly isWhole: boolean;
}

/** A proxy between clients and two origins, over TLS and in the clear. */
export interface OutboundArena extends AsyncDisposable {
  readonly proxy: RunningProxy;
  readonly origin: Origin;
  readonly plain: Origin;
  readonly arrived: Arrived[];
  /** Connections that any origin accepted. */
  connections(): number;
  readonly queue: string;
  /** The open proposals. */
  proposals(): Promise<Proposal[]>;
  /** Waits for so many open proposals. */
  proposed(count?: number): Promise<Proposal[]>;
  /** Answers one as a person's program would. */
  respond(id: string, answer: object): Promise<void>;
  /** Names of what was settled, sorted. */
  processed(): string[];
}

/** Starts both origins and the real egress process with the given policy on every route. */
export async function startArena(options: {
  readonly onMatch: "block" | "redact" | "supervise";
  readonly timeoutSeconds?: number;
  readonly noQueue?: boolean;
  /** Lines of YAML that each route gets. */
  readonly route?: string;
}): Promise<OutboundArena> {
  const arrived: Arrived[] = [];
  let connections = 0;
  const handler = (
    request: IncomingMessage,
    response: { end(text: string): void; on(event: "error", listener: () => void): unknown },
  ): void => {
    const chunks: Uint8Array[] = [];
    let isWhole = false;
    request.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
    request.on("error", () => {});
    response.on("error", () => {});
    request.once("end", () => {
      isWhole = true;
      response.end("arrived");
    });
    request.once("close", () => {
      arrived.push({
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        trailers: request.trailers,
        body: new TextDecoder("latin1").decode(Buffer.concat(chunks)),
        isWhole,
      });
    });
  };
  const [origin, plain] = await Promise.all([
    startOrigin([HOST], { handler: handler as never, onConnection: () => connections++ }),
    startOrigin([], { handler: handler as never, onConnection: () => connections++ }),
  ]);
  const queue = await Deno.makeTempDir({ prefix: "bot-bottle-queue-" });
  const dlp = `    dlp: { outbound_on_match: ${options.onMatch} }\n${options.route ?? ""}`;
  const routes = `log: 2\nroutes:\n` +
    `  - host: ${HOST}\n    auth_scheme: Bearer\n    token_env: EGRESS_TOKEN_0\n${dlp}` +
    `  - host: ${PLAIN}\n${dlp}  - host: "*.${PLAIN}"\n${dlp}`;
  const proxy = await startProxy({
    routes,
    tokens: { EGRESS_TOKEN_0: TOKEN },
    upstreamCa: origin.caPem,
    extraHosts: [
      { name: HOST, address: "127.0.0.1", port: origin.port },
      { name: PLAIN, address: "127.0.0.1", port: plain.port },
    ],
    ...(!options.noQueue && {
      queue: { folder: queue, timeoutSeconds: options.timeoutSeconds ?? 20 },
    }),
  });
  const proposals = async (): Promise<Proposal[]> => {
    const names = [...Deno.readDirSync(queue)].map(({ name }) => name)
      .filter((name) => name.endsWith(".proposal.json"));
    return await Promise.all(
      names.map(async (name) => JSON.parse(await Deno.readTextFile(`${queue}/${name}`))),
    );
  };
  return {
    proxy,
    origin,
    plain,
    arrived,
    connections: () => connections,
    queue,
    proposals,
    proposed: async (count = 1) => {
      const count_ = (): number =>
        [...Deno.readDirSync(queue)].filter(({ name }) => name.endsWith(".proposal.json")).length;
      await until(() => count_() >= count);
      return await proposals();
    },
    respond: async (id, answer) => {
      const path = `${queue}/${id}.response.json`;
      await Deno.writeTextFile(`${path}.tmp`, JSON.stringify({ proposal_id: id, ...answer }));
      await Deno.rename(`${path}.tmp`, path);
    },
    processed: () => {
      try {
        return [...Deno.readDirSync(`${queue}/${PROCESSED_FOLDER}`)].map(({ name }) => name).sort();
      } catch {
        return [];
      }
    },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await Promise.all([origin[Symbol.asyncDispose](), plain[Symbol.asyncDispose]()]);
      await Deno.remove(queue, { recursive: true });
    },
  };
}

/** One request as a client sends it. */
export interface Sent {
  readonly host?: string;
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  readonly trailers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What a client was answered. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Sends a request in the clear through the proxy; rejects when the connection breaks. */
export function send(port: number, sent: Sent): Promise<Answered> {
  const { host = PLAIN, target = "/", headers = [], body, trailers, signal } = sent;
  return new Promise((resolve, reject) => {
    const length = body === undefined || trailers !== undefined
      ? []
      : ["Content-Length", String(Buffer.from(body).length)];
    const chunked = trailers === undefined
      ? []
      : ["Transfer-Encoding", "chunked", "Trailer", Object.keys(trailers).join(", ")];
    const out = request({
      host: "127.0.0.1",
      port,
      method: sent.method ?? (body === undefined ? "GET" : "POST"),
      path: `http://${host}${target}`,
      headers: ["Host", host, ...length, ...chunked, ...headers.flat()],
      setHost: false,
      agent: false,
      ...(signal && { signal }),
    });
    out.once("error", reject);
    out.once("response", (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = new TextDecoder().decode(Buffer.concat(chunks));
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    if (body !== undefined) out.write(body);
    if (trailers !== undefined) out.addTrailers(trailers);
    out.end();
  });
}
