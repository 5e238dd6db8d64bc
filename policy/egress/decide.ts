import type { CompiledPolicy, CompiledRoute } from "./compile.ts";
import { endToEndHeaders, type Header } from "./end_to_end.ts";
import { gitOperation } from "./git_https.ts";
import { type Authority, canonicalHost, formatAuthority, parseAuthority } from "./host.ts";
import { isFieldValue, isToken } from "./http_syntax.ts";
import { matchRoute } from "./match.ts";
import { canonicalTarget } from "./path.ts";
import { formatRouteHost, INTROSPECTION_HOST } from "./route_host.ts";
import { type Subject, subjectOf } from "./subject.ts";
import { askFor, type Denial, excerpt, forbidden, malformed, type Verdict } from "./verdict.ts";

/** The only path that the proxy itself answers. */
export const INTROSPECTION_PATH = "/allowlist";

/** One request as the proxy read it; nothing in it is trusted. */
export interface RequestView {
  readonly scheme: "http" | "https";
  readonly method: string;
  /** Canonical: of the CONNECT target around the request, or of its absolute form. */
  readonly authority: Authority;
  /** Every value of a Host header. */
  readonly hostHeaders: readonly string[];
  /** The `:authority` of an HTTP/2 request. */
  readonly pseudoAuthority?: string;
  /** The server name of the TLS handshake around the request. */
  readonly sni?: string;
  /** The request target in origin form, as it was received. */
  readonly rawTarget: string;
  /** As they were received, without pseudo-headers; one character for each byte of a value. */
  readonly headers: readonly Header[];
}

/** Whether a CONNECT may be answered and what comes through it be read. */
export type ConnectVerdict =
  | {
    readonly action: "intercept";
    readonly authority: Authority;
    /** Absent for the proxy's own host. */
    readonly route?: CompiledRoute;
  }
  | Denial;

const DEFAULT_PORT = Object.freeze({ http: 80, https: 443 });

function hostDenied(host: string): Denial {
  return forbidden("host_not_allowed", {
    host,
    message: `${host} is on no route of this bottle`,
    hint: askFor({ host }),
  });
}

function portDenied(authority: Authority, route: CompiledRoute): Denial {
  const asked = formatAuthority(authority.host, authority.kind, authority.port);
  return forbidden("port_not_allowed", {
    host: authority.host,
    message: `${asked} is not the port of the route ${formatRouteHost(route.route)}`,
    hint: askFor({ host: asked }),
  });
}

/**
 * May this CONNECT target be intercepted? Takes the target and every value of a Host header as they
 * were received; old clients send none. A route without a port lets 443 through and 80 as well,
 * since some clients tunnel plain HTTP; what is said inside is decided by
 * {@linkcode decideRequest}.
 */
export function decideConnect(
  policy: CompiledPolicy,
  authorityText: string,
  hostHeaders: readonly string[] = [],
): ConnectVerdict {
  const parsed = parseAuthority(authorityText);
  if (!parsed.ok) {
    return malformed("bad_authority", `the CONNECT target cannot be used: ${parsed.reason}`);
  }
  const { host, kind, port } = parsed;
  if (port === undefined) {
    return malformed("bad_authority", "the CONNECT target has no port", host);
  }
  const authority = { host, kind, port };
  const fault = connectHostFault(hostHeaders, authority);
  if (fault !== undefined) return malformed("host_mismatch", fault, host);
  if (host === INTROSPECTION_HOST) return { action: "intercept", authority };
  const route = policy.find(host);
  if (route === undefined) return hostDenied(host);
  const allowed = route.route.port === undefined
    ? port === DEFAULT_PORT.https || port === DEFAULT_PORT.http
    : route.route.port === port;
  return allowed ? { action: "intercept", authority, route } : portDenied(authority, route);
}

/** Some clients leave the port out of a CONNECT's Host header, so that alone is no mismatch. */
function connectHostFault(
  hostHeaders: readonly string[],
  target: Authority,
): string | undefined {
  if (hostHeaders.length > 1) return "the CONNECT has more than one Host header";
  const [text] = hostHeaders;
  if (text === undefined) return undefined;
  const named = parseAuthority(text, target.port);
  if (named.ok && named.host === target.host && named.port === target.port) return undefined;
  return `Host ${excerpt(text)} is not the CONNECT target (${target.host})`;
}

function checkHeaders(headers: readonly Header[], host: string): Denial | undefined {
  for (const [name, value] of headers) {
    if (!isToken(name)) return malformed("bad_header", "a header name is not well-formed", host);
    if (!isFieldValue(value)) {
      const message = `the value of header ${excerpt(name)} is not well-formed`;
      return malformed("bad_header", message, host);
    }
  }
  return undefined;
}

function agrees(text: string, request: RequestView): boolean {
  const parsed = parseAuthority(text, DEFAULT_PORT[request.scheme]);
  const { host, port } = request.authority;
  return parsed.ok && parsed.host === host && parsed.port === port;
}

/** Step 2, first half: every name that the request has for its host must be the same one. */
function checkAgreement(request: RequestView): Denial | undefined {
  const { hostHeaders, pseudoAuthority, sni, authority: { host, port } } = request;
  if (hostHeaders.length > 1) {
    return malformed("host_mismatch", "the request has more than one Host header", host);
  }
  const named = pseudoAuthority === undefined ? hostHeaders : [...hostHeaders, pseudoAuthority];
  if (named.length === 0) return malformed("host_mismatch", "the request has no Host header", host);
  const other = named.find((text) => !agrees(text, request));
  if (other !== undefined) {
    const message = `Host ${
      excerpt(other)
    } is not where the connection goes (${host} port ${port})`;
    return malformed("host_mismatch", message, host);
  }
  if (sni === undefined) return undefined;
  const server = canonicalHost(sni);
  if (server.ok && server.host === host) return undefined;
  const message = `TLS server name ${excerpt(sni)} is not where the connection goes (${host})`;
  return malformed("host_mismatch", message, host);
}

/** Step 1: what the proxy says about itself. */
function introspect(method: string, path: string): Verdict {
  const denied = (status: 404 | 405, message: string): Denial => ({
    action: "deny",
    status,
    reason: status === 404 ? "not_found" : "method_refused",
    host: INTROSPECTION_HOST,
    message,
    hint: { text: `The live routes are at http://${INTROSPECTION_HOST}${INTROSPECTION_PATH}` },
  });
  if (path !== INTROSPECTION_PATH) return denied(404, `${excerpt(path)} is not here`);
  if (method !== "GET" && method !== "HEAD") return denied(405, "only GET and HEAD are answered");
  return { action: "introspect", path };
}

/** Step 2, second half: the host, its port, and no credential over plain HTTP. */
function checkRoute(request: RequestView, route: CompiledRoute): Denial | undefined {
  const { authority, scheme } = request;
  const { port = DEFAULT_PORT[scheme], auth, allowPrivate } = route.route;
  if (authority.port !== port) return portDenied(authority, route);
  if (auth === undefined || scheme === "https" || allowPrivate) return undefined;
  return forbidden("auth_needs_https", {
    host: authority.host,
    message: `the route of ${authority.host} has a credential, which only goes over https`,
    hint: { text: `Use https://${authority.host}` },
  });
}

function checkGit(host: string, route: CompiledRoute, subject: Subject): Denial | undefined {
  const operation = gitOperation(subject);
  if (operation === "push") {
    return forbidden("git_push", {
      host,
      message: "pushing over https is never allowed",
      hint: { text: "Push to the git gate: it scans for secrets and forwards to the upstream" },
    });
  }
  if (operation === undefined || route.route.gitFetch) return undefined;
  return forbidden("git_fetch", {
    host,
    message: `the route of ${host} does not allow git to fetch over https`,
    hint: askFor({ host, git: { fetch: true } }),
  });
}

/** Steps 4 and 5: the route's own rules, then those of git. */
function checkRules(
  request: RequestView,
  target: { readonly path: string; readonly query: string },
  route: CompiledRoute,
): { readonly entry?: number } | Denial {
  const { method, authority: { host } } = request;
  const subject = subjectOf({ method, ...target }, endToEndHeaders(request.headers));
  if (subject === undefined) {
    return malformed("bad_header", "a header claims a path that has no canonical form", host);
  }
  const matched = matchRoute(route, subject);
  if (matched.ok) return checkGit(host, route, subject) ?? matched;
  const wanted = { paths: [{ type: "exact", value: target.path }], methods: [method] };
  const denied = forbidden("rule_not_matched", {
    host,
    message: `${method} ${excerpt(target.path)} matches no rule of the route ${route.route.host}`,
    hint: askFor({ host, matches: [wanted] }),
  });
  return { ...denied, failures: matched.failures };
}

/**
 * Decides on one request by steps 1, 2, 4 and 5, in this order; step 3 is `checkAddresses`, once
 * the name is resolved, and step 7 is `forwardedHeaders`. Never throws. What is malformed is
 * refused before any rule is looked at.
 */
export function decideRequest(policy: CompiledPolicy, request: RequestView): Verdict {
  const { method, authority: { host, port } } = request;
  if (!isToken(method)) return malformed("bad_method", "the method is not well-formed", host);
  const target = canonicalTarget(request.rawTarget);
  if (!target.ok) {
    return malformed("bad_target", `the request target cannot be used: ${target.reason}`, host);
  }
  const fault = checkHeaders(request.headers, host) ?? checkAgreement(request);
  if (fault !== undefined) return fault;
  if (host === INTROSPECTION_HOST) return introspect(method, target.path);
  const route = policy.find(host);
  if (route === undefined) return hostDenied(host);
  const denied = checkRoute(request, route);
  if (denied !== undefined) return denied;
  if (method === "CONNECT" || method === "TRACE") {
    const hint = { text: "Use another method: the proxy never sends this one on" };
    return forbidden("method_refused", { host, message: `${method} is never allowed`, hint });
  }
  const { path, query } = target;
  const ruled = checkRules(request, { path, query }, route);
  if ("action" in ruled) return ruled;
  const found = { route: route.route, ...(ruled.entry !== undefined && { entry: ruled.entry }) };
  return { action: "forward", ...found, host, port, path, query, target: target.target };
}
