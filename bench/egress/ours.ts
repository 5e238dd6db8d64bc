import { startProxy } from "../../tests/sidecar/proxy.ts";
import { HOST } from "./load.ts";
import type { Proxy, Upstream } from "./rig.ts";

/** The secret that every proxy injects and looks for; made up, and of no known format. */
export const SECRET = ["q7Vd-2mXw", "Lr8.TzKe", "5nYh~Bc3", "JuPa_9GfS4"].join("");

/** Every rule kind and every default detector on, as a launch writes it. */
const ROUTES = `
log: 1
routes:
  - host: other.example.com
  - host: ${HOST}
    auth_scheme: Bearer
    token_env: EGRESS_TOKEN_0
    matches:
      - paths:
          - { type: exact, value: /small }
          - { type: prefix, value: /v1 }
          - { type: prefix, value: /download }
          - { type: exact, value: /post }
          - { type: exact, value: /upload }
          - { type: exact, value: /events }
        methods: [GET, POST, PUT, DELETE, HEAD]
    dlp: { outbound_on_match: block }
`;

/** Our egress process with the permissions that it has in the sidecar. */
export async function startOurs(upstream: Upstream): Promise<Proxy> {
  const proxy = await startProxy({
    routes: ROUTES,
    tokens: { EGRESS_TOKEN_0: SECRET },
    upstreamCa: upstream.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: upstream.port }],
  });
  return {
    port: proxy.port,
    pid: proxy.pid,
    caPem: await Deno.readTextFile(proxy.caFile),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}
