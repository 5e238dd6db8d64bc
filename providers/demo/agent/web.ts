import http, { type ClientRequest } from "node:http";
import type { Socket } from "node:net";
import process from "node:process";
import tls from "node:tls";
import { LIMIT } from "./limit.ts";

/** The most characters of a body that are kept. */
const MAX_BODY = 64 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The bottle's way out, as its environment names it. */
export function proxyUrl(): URL {
  return new URL(process.env["HTTPS_PROXY"] ?? process.env["HTTP_PROXY"] ?? "http://127.0.0.1:9");
}

function finish(request: ClientRequest, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.setTimeout(LIMIT, () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (text.length < MAX_BODY) text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.end(body);
  });
}

/** The refusal of a CONNECT counts as the answer to the request that it was for. */
function connect(url: URL): Promise<{ socket: Socket } | Answer> {
  const { hostname, port } = proxyUrl();
  const target = `${url.hostname}:${url.port || 443}`;
  const request = http.request({
    ...{ hostname, port, method: "CONNECT", path: target, agent: false },
    headers: { host: target },
  });
  return new Promise((resolve, reject) => {
    request.setTimeout(LIMIT, () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
    request.on("connect", (response, socket, head) => {
      const status = response.statusCode ?? 0;
      if (status === 200) return resolve({ socket });
      let body = head.toString("utf8");
      socket.setEncoding("utf8");
      socket.on("data", (chunk: string) => {
        if (body.length < MAX_BODY) body += chunk;
      });
      socket.on("error", () => resolve({ status, body }));
      socket.on("close", () => resolve({ status, body }));
      socket.setTimeout(200, () => socket.destroy());
    });
    request.end();
  });
}

/** Asks for a URL through the proxy, as any program that honours HTTPS_PROXY does. */
export async function ask(
  address: string,
  { method = "GET", headers = {}, body }: AskOptions = {},
): Promise<Answer> {
  const url = new URL(address);
  const sent: Record<string, string> = { host: url.host, ...headers };
  if (body !== undefined) sent["content-length"] = String(Buffer.byteLength(body));
  // As it stands: the parsed URL has its dot segments resolved already.
  const path = address.slice(address.indexOf(url.host) + url.host.length);
  if (url.protocol === "http:") {
    const { hostname, port } = proxyUrl();
    const proxied = { hostname, port, method, path: address, headers: sent, agent: false };
    return await finish(http.request(proxied), body);
  }
  const tunnel = await connect(url);
  if (!("socket" in tunnel)) return tunnel;
  const secure = tls.connect({ socket: tunnel.socket, servername: url.hostname });
  try {
    await new Promise<void>((resolve, reject) => {
      secure.once("secureConnect", () => resolve());
      secure.once("error", reject);
    });
    // No word of an agent here: any would make a connection of its own.
    const inside = { method, path, headers: sent, createConnection: () => secure };
    return await finish(http.request(inside), body);
  } finally {
    secure.on("error", () => {});
    secure.destroy();
  }
}
