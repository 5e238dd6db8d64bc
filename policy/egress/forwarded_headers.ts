import { endToEndHeaders, type Header, headerValues } from "./end_to_end.ts";
import { isFieldValue, isToken } from "./http_syntax.ts";
import type { Route } from "./route.ts";
import { isClaim } from "./subject.ts";
import { type Denial, forbidden, malformed } from "./verdict.ts";

/** What the caller decides about a forwarded message. */
export interface ForwardOptions {
  /** `Host` to send, canonical (see `formatAuthority`); absent where `:authority` is sent. */
  readonly host?: string;
  /** The request opens a WebSocket: `Connection: Upgrade` and `Upgrade: websocket` are sent. */
  readonly webSocket?: boolean;
}

/** The headers to send upstream, or why the request must not go. */
export type ForwardedHeaders =
  | { readonly ok: true; readonly headers: readonly Header[] }
  | { readonly ok: false; readonly deny: Denial };

const TOKEN_VALUE = /^[\x21-\x7e]+$/;

/** RFC 9112, section 6.3: whatever leaves the length of the body open to interpretation. */
function framingFault(headers: readonly Header[]): string | undefined {
  const lengths = headerValues(headers, "content-length");
  const codings = headerValues(headers, "transfer-encoding");
  if (lengths.length > 1) return "the request has more than one Content-Length";
  if (lengths.some((value) => !/^[0-9]{1,15}$/.test(value))) return "Content-Length is no number";
  if (codings.length > 0 && lengths.length > 0) {
    return "the request has both Content-Length and Transfer-Encoding";
  }
  const isChunked = codings.every((value) => value.toLowerCase() === "chunked");
  return codings.length > 1 || !isChunked ? "Transfer-Encoding is not chunked" : undefined;
}

function fault(headers: readonly Header[]): string | undefined {
  const malformedHeader = headers.some(([name, value]) => !isToken(name) || !isFieldValue(value));
  return malformedHeader ? "a header is not well-formed" : framingFault(headers);
}

function authorization(route: Route, token: string | undefined): Header | Denial | undefined {
  if (route.auth === undefined) return undefined;
  const hint = { text: "Tell your operator: the credential is set on the host, not in the bottle" };
  const { host } = route;
  if (token === undefined || token === "") {
    const message = `the credential of the route ${host} is not set`;
    return forbidden("token_unset", { host, message, hint });
  }
  if (!TOKEN_VALUE.test(token)) {
    const message = `the credential of the route ${host} cannot stand in a header`;
    return forbidden("token_invalid", { host, message, hint });
  }
  return ["Authorization", `${route.auth.scheme} ${token}`];
}

function withHost(headers: readonly Header[], host: string | undefined): readonly Header[] {
  const others = headers.filter(([name]) => name.toLowerCase() !== "host");
  return host === undefined ? others : [["Host", host], ...others];
}

/**
 * Step 7: the headers of the forwarded request. Order, case and repetition are kept; `Host` is
 * replaced and stands first. Hop-by-hop headers, those that `Connection` names, `Proxy-*` and
 * every `Authorization` of the agent's go; `TE: trailers` stays; the route's credential comes
 * last. Framing is the caller's: `Transfer-Encoding` is gone, a single `Content-Length` stays. A
 * route with auth and no usable token is refused, never sent without. Never throws.
 */
export function forwardedHeaders(
  route: Route,
  headers: readonly Header[],
  token: string | undefined,
  options: ForwardOptions = {},
): ForwardedHeaders {
  const message = fault(headers);
  if (message !== undefined) {
    return { ok: false, deny: malformed("bad_header", message, route.host) };
  }
  const credential = authorization(route, token);
  if (credential !== undefined && "action" in credential) return { ok: false, deny: credential };
  const acceptsTrailers = headerValues(headers, "te")
    .some((value) => value.toLowerCase().split(",").some((item) => item.trim() === "trailers"));
  const added: readonly Header[] = [
    ...(acceptsTrailers ? [["TE", "trailers"]] as const : []),
    ...(options.webSocket ? [["Connection", "Upgrade"], ["Upgrade", "websocket"]] as const : []),
    ...(credential === undefined ? [] : [credential]),
  ];
  const kept = withHost(endToEndHeaders(headers), options.host);
  return { ok: true, headers: [...kept, ...added] };
}

/** What tells of routing, framing or state, which must be known before the body (RFC 9110, 6.5.1). */
const NEVER_TRAILS = /^(?:host|trailer|cookie|content-.*)$/;

/**
 * The trailers to send after the body. An upstream may merge them into the headers, so what could
 * not stand there may not follow either: hop-by-hop fields, `Proxy-*`, the agent's own
 * `Authorization`, what claims another method or path, and every name that a rule of the route
 * looks at, since the rule saw the headers alone. What is not well-formed goes as well.
 */
export function forwardedTrailers(route: Route, trailers: readonly Header[]): readonly Header[] {
  const ruled = new Set(
    route.matches.flatMap((entry) => entry.headers ?? []).map(({ name }) => name.toLowerCase()),
  );
  return endToEndHeaders(trailers).filter(([name, value]) => {
    const lower = name.toLowerCase();
    const isSafe = !NEVER_TRAILS.test(lower) && !isClaim(lower) && !ruled.has(lower);
    return isSafe && isToken(name) && isFieldValue(value);
  });
}
