import * as tls from "node:tls";
import type { Server } from "node:http";
import { Secret } from "../../policy/secret.ts";
import type { EgressService } from "../../policy/wire/launch.ts";
import { Dialer } from "./dial.ts";
import type { ProxyContext } from "./exchange.ts";
import { createFront } from "./front.ts";
import { LeafMint } from "./leaves.ts";
import { LivePolicy } from "./live_policy.ts";
import { EgressLog } from "./log.ts";
import { MemoryGuard } from "./memory.ts";
import { logDenial } from "./refusal.ts";
import { HostTable, type Resolve } from "./resolver.ts";
import { Sessions } from "./sessions.ts";
import { Terminator } from "./terminator.ts";

/** What a proxy is made of. */
export interface ProxyOptions {
  readonly service: EgressService;
  /** EGRESS_TOKEN_<n> to its value. */
  readonly tokens: ReadonlyMap<string, Secret>;
  /** Reads the text of routes.yaml. */
  readonly readRoutes: () => Promise<string>;
  readonly resolve: Resolve;
  /** Takes one line of the log with its line break. */
  readonly writeLog: (line: string) => void;
}

/** The egress proxy of one bottle. */
export class EgressProxy {
  readonly #options: ProxyOptions;
  readonly #context: ProxyContext;
  readonly #live: LivePolicy;
  readonly #log: EgressLog;
  readonly #front: Server;
  #mint: LeafMint | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    const { service, tokens } = options;
    this.#log = new EgressLog({
      bottle: service.bottle,
      tokens: [...tokens.values(), new Secret(service.caKey)],
      write: options.writeLog,
    });
    this.#live = new LivePolicy(new Dialer(new HostTable(service.extraHosts, options.resolve)));
    const log = this.#log;
    this.#context = { live: this.#live, tokens, log, memory: new MemoryGuard(), inbound: {} };
    const sessions = new Sessions(this.#context);
    const terminator = new Terminator({
      mint: () => this.warm(),
      onSession: (socket, tunnel) => sessions.secured(socket, tunnel),
      onDenial: (denial) => logDenial(log, denial, { method: "CONNECT" }),
    });
    this.#front = createFront({ context: this.#context, terminator, sessions });
  }

  /** Loads the policy and listens. Rejects when either is not possible; there is no default. */
  async start(address: { readonly hostname: string; readonly port: number }): Promise<number> {
    const taken = this.#live.take(await this.#options.readRoutes());
    if (!taken.ok) throw new Error(`Cannot read the routes: ${taken.reason}`);
    this.#log.level = this.#live.current.compiled.policy.log;
    await new Promise<void>((resolve, reject) => {
      this.#front.once("error", reject);
      this.#front.listen({ host: address.hostname, port: address.port }, resolve);
    });
    const bound = this.#front.address();
    return bound !== null && typeof bound === "object" ? bound.port : address.port;
  }

  /** Makes ready what the first tunnel needs; slow enough to stay out of the start's way. */
  warm(): LeafMint {
    const { caCert, caKey } = this.#options.service;
    this.#mint ??= new LeafMint({ certPem: caCert, keyPem: caKey });
    return this.#mint;
  }

  /** Reads the routes again; what does not parse leaves the last good ones in force. */
  async reload(): Promise<void> {
    let reason = "the last good routes stay in force: ";
    try {
      const taken = this.#live.take(await this.#options.readRoutes());
      if (taken.ok) {
        this.#log.level = this.#live.current.compiled.policy.log;
        const count = this.#live.current.compiled.policy.routes.length;
        return this.#log.event({ event: "egress_reload", reason: `ok: ${count} routes` });
      }
      reason += taken.reason;
    } catch (error) {
      reason += error instanceof Error ? error.message : String(error);
    }
    this.#log.event({ event: "egress_reload", reason });
  }
}

/**
 * Trusts the operator's bundle towards upstreams besides the usual roots. Done once for the
 * process: a list of roots given with each connection is parsed anew each time, for 8 ms.
 * @throws {Error} when the bundle is not PEM.
 */
export function trustUpstreams(bundle: string): void {
  const extra = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (extra.length === 0) {
    if (bundle.trim() === "") return;
    throw new Error("Cannot trust the upstream CA bundle: no certificate in it");
  }
  // A function of Node 24 that the types do not have yet.
  const { setDefaultCACertificates } = tls as unknown as {
    setDefaultCACertificates(certificates: readonly string[]): void;
  };
  setDefaultCACertificates([...tls.rootCertificates, ...extra]);
}
