import { createEchoRedactor, type EchoRedactor } from "../../policy/dlp/inbound/echo.ts";
import type { Secret } from "../../policy/secret.ts";

/** What one look at a body's text, up to now, led to. */
export interface InjectionVerdict {
  readonly level: "clean" | "warn" | "block";
}

/** Looks for text that gives orders, in one body. */
export interface InjectionScan {
  push(utf8: Uint8Array): InjectionVerdict;
  end(): InjectionVerdict;
}

/** What responses are looked at with, prepared once for a proxy. */
export interface InboundScans {
  /** Absent when no secret is held. */
  readonly echo?: EchoRedactor;
  readonly injection?: () => InjectionScan;
}

/** Prepares the scans for the secrets that the sidecar holds, by their names. */
export function inboundScans(secrets: ReadonlyMap<string, Secret>): InboundScans {
  const isHeld = [...secrets.values()].some((secret) => secret.reveal() !== "");
  return { ...(isHeld && { echo: createEchoRedactor(secrets) }) };
}
