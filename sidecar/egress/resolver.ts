import { lookup } from "node:dns/promises";
import type { ExtraHost } from "../../policy/wire/launch.ts";
import { LIMITS } from "./limits.ts";

/** Gives all the addresses of a host name; rejects when there is none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Asks the system's resolver, within {@linkcode LIMITS.resolveMs}. */
export async function systemResolve(name: string): Promise<readonly string[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the name server did not answer")), LIMITS.resolveMs);
  });
  try {
    const found = await Promise.race([lookup(name, { all: true, verbatim: true }), expired]);
    return found.map((one) => one.address);
  } finally {
    clearTimeout(timer);
  }
}

/** Where to connect for a host, and whose word that is. */
export interface Location {
  readonly addresses: readonly string[];
  readonly port: number;
  /** True when the operator pinned the name, so that the address needs no check. */
  readonly pinned: boolean;
}

/** Answers from the operator's pinned hosts first, then from the resolver. */
export class HostTable {
  readonly #pinned: ReadonlyMap<string, ExtraHost>;
  readonly #resolve: Resolve;

  constructor(extraHosts: readonly ExtraHost[], resolve: Resolve) {
    this.#pinned = new Map(extraHosts.map((one) => [one.name.toLowerCase(), one]));
    this.#resolve = resolve;
  }

  /** Locates a canonical host. */
  async locate(host: string, options: { port: number; isAddress: boolean }): Promise<Location> {
    const pinned = this.#pinned.get(host);
    if (pinned !== undefined) {
      return { addresses: [pinned.address], port: pinned.port ?? options.port, pinned: true };
    }
    const addresses = options.isAddress ? [host] : await this.#resolve(host);
    return { addresses, port: options.port, pinned: false };
  }
}
