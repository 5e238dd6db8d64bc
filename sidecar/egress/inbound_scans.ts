/** What one look at a body's text, up to now, led to. */
export interface InjectionVerdict {
  readonly level: "clean" | "warn" | "block";
}

/** Looks for text that gives orders, in one body. */
export interface InjectionScan {
  push(utf8: Uint8Array): InjectionVerdict;
  end(): InjectionVerdict;
}

/** Masks secrets in one body; what it gives is as long as what it took. */
export interface EchoStream {
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
  /** Was one masked? */
  readonly found: boolean;
}

/** Masks the secrets that the sidecar holds wherever an upstream repeats them. */
export interface EchoRedactor {
  stream(): EchoStream;
  redactText(text: string): string;
}

/** What responses are looked at with, prepared once for a proxy. */
export interface InboundScans {
  /** Absent when no secret is held. */
  readonly echo?: EchoRedactor;
  readonly injection?: () => InjectionScan;
}
