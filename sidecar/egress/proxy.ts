import * as tls from "node:tls";
import type { Server } from "node:http";
import { createOutboundScanner } from "../../policy/dlp/scanner.ts";
import { Secret } from "../../policy/secret.ts";
import { type EgressService, HOLD_SECONDS } from "../../policy/wire/launch.ts";
import { BodyRoom } from "./body_room.ts";
import { Dialer } from "./dial.ts";
import { ProposalQueue } from "../queue/proposal_queue.ts";
import type { ProxyContext } from "./clearance.ts";
import { createFront } from "./front.ts";
import { HoldDesk } from "./hold.ts";
import { inflate } from "./inflate.ts";
import { inboundScans } from "./inbound_scans.ts";
import { LeafMint } from "./leaves.ts";
import { LIMITS } from "./limits.ts";
import { LivePolicy } from "./live_policy.ts";
import { EgressLog } from "./log.ts";
import { MemoryGuard } from "./memory.ts";
import { OutboundScreen } from "./outbound.ts";
import { redactor } from "./redact.ts";
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
  /** Folder of the proposal queue; absent when none is mounted. */
  readonly queue?: string;
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
  readonly #queue: ProposalQueue | undefined;
  #mint: LeafMint | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    const { service, tokens } = options;
    const scanner = createOutboundScanner({ secrets: tokens, inflate });
    const redact = redactor(scanner, new Secret(service.caKey));
    const log = this.#log = new EgressLog({
      bottle: service.bottle,
      redact,
      write: options.writeLog,
    });
    this.#live = new LivePolicy(new Dialer(new HostTable(service.extraHosts, options.resolve)));
    this.#queue = openQueue(options, log);
    const timeoutMs = 1000 * (service.hold?.timeoutSeconds ?? HOLD_SECONDS.usual);
    const desk = new HoldDesk({ queue: this.#queue, timeoutMs });
    const outbound = new OutboundScreen({ scanner, desk, log, redact });
    const memory = new MemoryGuard();
    this.#context = {
      live: this.#live,
      tokens,
      log,
      memory,
      bodies: new BodyRoom(LIMITS.heldBodiesBytes),
      outbound,
      inbound: inboundScans(tokens),
    };
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
    await this.#queue?.abandonOld("egress-token-allow");
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

function openQueue(
  { service, queue: folder }: ProxyOptions,
  log: EgressLog,
): ProposalQueue | undefined {
  if (folder === undefined || service.hold === undefined) return undefined;
  const report = (reason: string): void =>
    log.event({ event: "egress_warn", reason: `queue: ${reason}` });
  return new ProposalQueue({ folder, bottle: service.bottle, report });
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
