import { createEchoRedactor, type EchoRedactor } from "../../policy/dlp/inbound/echo.ts";
import { createInjectionScan, type InjectionScan } from "../../policy/dlp/inbound/injection.ts";
import type { Secret } from "../../policy/secret.ts";

/** What responses are looked at with, prepared once for a proxy. */
export interface InboundScans {
  /** Masks the secrets that the sidecar holds; absent when there is none. */
  readonly echo?: EchoRedactor;
  /** Begins a look for text that gives orders, in one body. */
  readonly injection: () => InjectionScan;
}

/** Prepares the scans for the secrets that the sidecar holds, by their names. */
export function inboundScans(secrets: ReadonlyMap<string, Secret>): InboundScans {
  const isHeld = [...secrets.values()].some((secret) => secret.reveal() !== "");
  return {
    ...(isHeld && { echo: createEchoRedactor(secrets) }),
    injection: createInjectionScan,
  };
}
