/** What a canonical host is. */
export type HostKind = "name" | "ipv4" | "ipv6";

/** A host in its one canonical form; an IPv6 address stands without brackets. */
export interface Host {
  readonly host: string;
  readonly kind: HostKind;
}

/** A canonical host and the port to reach it on. */
export interface Authority extends Host {
  readonly port: number;
}

/** Why a text is not usable, in words that fit after "Cannot ...: ". */
export interface Refusal {
  readonly ok: false;
  readonly reason: string;
}

/** The longest text that is looked at; a name has at most 253 characters and a trailing dot. */
const MAX_INPUT = 255;
const MAX_NAME = 253;
const MAX_LABEL = 63;

const ASCII_NAME = /^[A-Za-z0-9._-]+$/;
// deno-lint-ignore no-control-regex
const ASCII_ONLY = /^[\x00-\x7f]*$/;
const LABEL = /^(?!-)[a-z0-9_-]+(?<!-)$/;
const IPV4 = /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/;
const IPV6 = /^[0-9A-Fa-f:.]+$/;
const IPV4_MAPPED = /^::ffff:/;
const PORT = /^[1-9][0-9]{0,4}$/;

function refuse(reason: string): Refusal {
  return { ok: false, reason };
}

function urlHost(text: string): string | undefined {
  try {
    return new URL(`http://${text}/`).hostname;
  } catch {
    return undefined;
  }
}

function canonicalIpv6(text: string): { ok: true } & Host | Refusal {
  if (!IPV6.test(text)) return refuse("not an IPv6 address (zone identifiers are not accepted)");
  const host = urlHost(`[${text}]`)?.slice(1, -1);
  if (host === undefined) return refuse("not an IPv6 address");
  if (IPV4_MAPPED.test(host)) return refuse("an IPv4 address in IPv6 form, write it as IPv4");
  return { ok: true, host, kind: "ipv6" };
}

function canonicalName(name: string): { ok: true } & Host | Refusal {
  if (name.length > MAX_NAME) return refuse(`a host name is at most ${MAX_NAME} characters long`);
  for (const label of name.split(".")) {
    if (label === "") return refuse("a host name has no empty labels");
    if (label.length > MAX_LABEL) {
      return refuse(`a label of a host name is at most ${MAX_LABEL} characters long`);
    }
    if (!LABEL.test(label)) {
      return refuse("a label has only letters, digits, underscores and inner hyphens");
    }
  }
  return { ok: true, host: name, kind: "name" };
}

/**
 * Brings a host to its one canonical form: names in lower case, international ones in punycode
 * (UTS 46), without the trailing dot; IPv6 as RFC 5952 has it, without brackets (accepted around
 * it). IPv4 has to be dotted decimal already: octal, hexadecimal, short and integer forms, and
 * IPv4-mapped IPv6, are refused rather than guessed at, for resolvers read them differently.
 * Never throws, and its result is a fixed point.
 */
export function canonicalHost(text: string): { ok: true } & Host | Refusal {
  if (text === "") return refuse("it is empty");
  if (text.length > MAX_INPUT) return refuse(`it is longer than ${MAX_INPUT} characters`);
  if (text.startsWith("[") && text.endsWith("]")) return canonicalIpv6(text.slice(1, -1));
  if (text.includes(":") && IPV6.test(text)) return canonicalIpv6(text);
  if (ASCII_ONLY.test(text) && !ASCII_NAME.test(text)) {
    return refuse("it has a character that no host name has");
  }
  const host = urlHost(text);
  if (host === undefined) return refuse("not a host name");
  if (IPV4.test(host)) {
    const asWritten = text.endsWith(".") ? text.slice(0, -1) : text;
    if (asWritten !== host) return refuse("an IPv4 address is written as four decimal numbers");
    return { ok: true, host, kind: "ipv4" };
  }
  return canonicalName(host.endsWith(".") ? host.slice(0, -1) : host);
}

function splitPort(text: string): { host: string; port?: string } {
  const end = text.startsWith("[") ? text.indexOf("]") + 1 : 0;
  const colon = text.indexOf(":", end);
  if (colon < 0) return { host: text };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/**
 * Reads `host` or `host:port` as it stands in a CONNECT target or a Host header (RFC 9112,
 * section 3.2); an IPv6 address must be in brackets. Without a port in the text the result has
 * `defaultPort`, or none. No user information, no empty port, no leading zeros. Never throws.
 */
export function parseAuthority(
  text: string,
  defaultPort?: number,
): { ok: true; host: string; kind: HostKind; port?: number } | Refusal {
  const parts = splitPort(text);
  const canonical = canonicalHost(parts.host);
  if (!canonical.ok) return canonical;
  if (parts.port === undefined) {
    return defaultPort === undefined ? canonical : { ...canonical, port: defaultPort };
  }
  const port = PORT.test(parts.port) ? Number(parts.port) : 0;
  if (port < 1 || port > 65535) return refuse("a port is a number from 1 to 65535");
  return { ...canonical, port };
}

/** Writes a canonical host, with its port when one is given, as an authority. */
export function formatAuthority(host: string, kind: HostKind, port?: number): string {
  const name = kind === "ipv6" ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}
