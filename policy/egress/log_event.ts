import type { LogLevel } from "./route.ts";

/** What the proxy logs. */
export type LogEventName =
  | "egress_block"
  | "egress_warn"
  | "egress_request"
  | "egress_response"
  | "egress_reload";

/** One thing that happened; absent fields are left out of the line. */
export interface LogEvent {
  readonly event: LogEventName;
  readonly host?: string;
  readonly method?: string;
  /** Without the query. */
  readonly path?: string;
  /** With its `?`; only the names of its parameters are written, and those at level 2 alone. */
  readonly query?: string;
  readonly status?: number;
  /** Machine word, and more in words after a colon where there is more to say. */
  readonly reason?: string;
  /** Of a secret that was found; the first of several. */
  readonly detector?: string;
  readonly kind?: string;
  /** Where in the request, in words. */
  readonly place?: string;
  /** Of the body. */
  readonly bytes?: number;
  /** Milliseconds since the request began. */
  readonly ms?: number;
}

/** What every line of one proxy has in common. */
export interface LogContext {
  /** ISO 8601. */
  readonly ts: string;
  /** Slug. */
  readonly bottle: string;
  readonly level: LogLevel;
  /** Takes secrets out of a text; runs before the text is cut, so no half of one stays. */
  readonly redact?: (text: string) => string;
}

const MAX_FIELD = 1024;
const REDACTED_VALUE = "[redacted]";

/** Told at level 1 as well; the others at level 2 alone. */
const IMPORTANT: ReadonlySet<LogEventName> = new Set([
  "egress_block",
  "egress_warn",
  "egress_reload",
]);

/** Is an event written at this level? */
export function isLogged(event: LogEventName, level: LogLevel): boolean {
  return level === 2 || (level === 1 && IMPORTANT.has(event));
}

function parameterNames(query: string): string {
  const names = query.slice(1).split("&").map((parameter) => {
    const end = parameter.indexOf("=");
    return end < 0 ? REDACTED_VALUE : `${parameter.slice(0, end)}=${REDACTED_VALUE}`;
  });
  return `?${names.join("&")}`;
}

function field(text: string, redact: LogContext["redact"]): string {
  const clean = redact === undefined ? text : redact(text);
  return clean.length > MAX_FIELD ? `${clean.slice(0, MAX_FIELD)}...` : clean;
}

/** JSON in ASCII: controls, bidirectional marks and all else that a terminal might act on go. */
function toAsciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/**
 * Writes one event as one line of JSON, ended by a line break; `undefined` when the level leaves
 * it out. Every text is redacted, bounded and escaped; query values are never written.
 */
export function formatLogEvent(event: LogEvent, context: LogContext): string | undefined {
  const { ts, bottle, level, redact } = context;
  if (!isLogged(event.event, level)) return undefined;
  const { host, method, path, query, status, reason, detector, kind, place, bytes, ms } = event;
  const shownQuery = level === 2 && query !== undefined && query !== ""
    ? parameterNames(query)
    : "";
  const line = {
    ts,
    event: event.event,
    bottle,
    ...(host !== undefined && { host: field(host, redact) }),
    ...(method !== undefined && { method: field(method, redact) }),
    ...(path !== undefined && { path: field(path + shownQuery, redact) }),
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason: field(reason, redact) }),
    ...(detector !== undefined && { detector: field(detector, redact) }),
    ...(kind !== undefined && { kind: field(kind, redact) }),
    ...(place !== undefined && { place: field(place, redact) }),
    ...(bytes !== undefined && { bytes }),
    ...(ms !== undefined && { ms }),
  };
  return `${toAsciiJson(line)}\n`;
}
