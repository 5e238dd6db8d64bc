/** How one path of a {@linkcode MatchEntry} is compared with a request's canonical path. */
export interface PathMatch {
  /** `prefix` ends on a segment boundary, `exact` is the whole path, `regex` a full RE2 match. */
  readonly type: "prefix" | "exact" | "regex";
  readonly value: string;
}

/** How one header is compared; of a request that repeats the header every value must match. */
export interface HeaderMatch {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  readonly type: "exact" | "regex";
}

/** One alternative of a route: every kind that is present must match. */
export interface MatchEntry {
  readonly paths?: readonly PathMatch[];
  /** Upper case. */
  readonly methods?: readonly string[];
  readonly headers?: readonly HeaderMatch[];
}

export type OutboundDetector = "token_patterns" | "known_secrets" | "entropy";
export type InboundDetector = "naive_injection_detection";
export type OutboundAction = "block" | "redact" | "supervise";

/** Which scans a route's traffic gets, after defaults; an empty list means none. */
export interface DlpSettings {
  readonly outboundDetectors: readonly OutboundDetector[];
  readonly inboundDetectors: readonly InboundDetector[];
  readonly outboundOnMatch: OutboundAction;
}

/** How the proxy authenticates to the upstream on the agent's behalf. */
export interface RouteAuth {
  readonly scheme: "Bearer" | "token";
  /**
   * Name of an environment variable, never a value: the host's own variable in a manifest
   * (`token_ref`), the egress process's variable in routes.yaml (`token_env`).
   */
  readonly tokenEnv: string;
}

/**
 * One allowed host with its rules: the single type behind a manifest's route, an entry of
 * routes.yaml and an entry of the introspection answer.
 */
export interface Route {
  /** Canonical host name or IP literal, or `*.` before a canonical name. */
  readonly host: string;
  /** The only port allowed; absent means 443 for https and 80 for http. */
  readonly port?: number;
  readonly auth?: RouteAuth;
  /** Any entry may match; empty means every method and path. */
  readonly matches: readonly MatchEntry[];
  readonly gitFetch: boolean;
  /** May the name resolve to loopback, link-local, private or metadata addresses? */
  readonly allowPrivate: boolean;
  readonly dlp: DlpSettings;
}

/** 0 off, 1 blocks and warnings, 2 everything (redacted). */
export type LogLevel = 0 | 1 | 2;

/** Everything the egress proxy decides by; what routes.yaml holds. */
export interface EgressPolicy {
  readonly log: LogLevel;
  readonly routes: readonly Route[];
}

/** What a route gets whose manifest says nothing about DLP. */
export const DEFAULT_DLP: DlpSettings = Object.freeze({
  outboundDetectors: Object.freeze(["token_patterns", "known_secrets"] as const),
  inboundDetectors: Object.freeze(["naive_injection_detection"] as const),
  outboundOnMatch: "supervise",
});
