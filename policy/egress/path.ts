import { type Authority, parseAuthority, type Refusal } from "./host.ts";

/** The longest request target that is accepted, in characters. */
export const MAX_TARGET_LENGTH = 32 * 1024;

/** A request target in the one form that is matched, logged and forwarded. */
export interface CanonicalTarget {
  /** Starts with `/`; has no dot segments, no empty segments, no needless percent-encoding. */
  readonly path: string;
  /** With its `?`, exactly as received; empty when there is none. */
  readonly query: string;
  /** `path` and `query`: what goes upstream, byte for byte. */
  readonly target: string;
}

const PRINTABLE = /^[\x21-\x7e]*$/;
const BAD_PERCENT = /%(?![0-9A-Fa-f]{2})/;
const ENCODED_CONTROL = /%(?:[01][0-9A-F]|7F)/;
const UNRESERVED = /[A-Za-z0-9._~-]/;
// Longer UTF-8 forms of `.`, `/` and `\` than the shortest: decoders that accept them see those.
const OVERLONG = /%(?:C0%A[EF]|C1%9C|E0%80%A[EF]|E0%81%9C|F0%80%80%A[EF]|F0%80%81%9C)/;
// What RFC 3986 allows nowhere but servers tolerate: encoded, so that one form is left.
const NOT_IN_URI = /["<>^`{|}]/g;

function refuse(reason: string): Refusal {
  return { ok: false, reason };
}

function encode(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function normaliseEncoding(path: string): string {
  return path
    .replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
      const char = String.fromCharCode(parseInt(triplet.slice(1), 16));
      return UNRESERVED.test(char) ? char : triplet.toUpperCase();
    })
    .replace(NOT_IN_URI, encode);
}

/**
 * Removes dot segments (RFC 3986, section 5.2.4) and empty ones. Empty ones go first, as they do
 * in servers that merge slashes: `/a//../b` is `/b`.
 */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const last = segments.at(-1);
  const isFolder = last === "" || last === "." || last === "..";
  return kept.length === 0 ? "/" : `/${kept.join("/")}${isFolder ? "/" : ""}`;
}

/**
 * Would a server that decodes `%2F`, `%5C` or `%3B` before it routes, or that drops `;` parameters,
 * see a dot segment in here? What such a server serves is not what the path says.
 */
function hidesDotSegment(path: string): boolean {
  if (!path.includes(".")) return false;
  const decoded = path.replace(/%2F|%5C/g, "/").replace(/%3B/g, ";");
  return /\/\.\.?(?:[/;]|$)/.test(decoded);
}

/**
 * Brings an origin-form request target to its canonical form (RFC 3986, section 6.2.2): unreserved
 * characters decoded, other percent-encodings in upper case, dot segments removed, runs of slashes
 * collapsed. `%2F` stays encoded and never separates segments; `%25` stays, so nothing is decoded
 * twice. Refuses control characters (encoded ones in the path too), `\`, `#`, characters outside
 * ASCII, broken percent-encodings, and paths in which a laxer server would find a dot segment
 * (`/v1/..%2Fadmin`, `/..;/admin`). Never throws, and its result is a fixed point.
 */
export function canonicalTarget(raw: string): { ok: true } & CanonicalTarget | Refusal {
  if (raw.length > MAX_TARGET_LENGTH) {
    return refuse(`it is longer than ${MAX_TARGET_LENGTH} characters`);
  }
  if (!raw.startsWith("/")) return refuse("it does not start with /");
  if (!PRINTABLE.test(raw)) return refuse("it has a character other than printable ASCII");
  if (raw.includes("#")) return refuse("it has a fragment");
  const mark = raw.indexOf("?");
  const rawPath = mark < 0 ? raw : raw.slice(0, mark);
  const query = mark < 0 ? "" : raw.slice(mark);
  if (rawPath.includes("\\")) return refuse("its path has a backslash");
  if (BAD_PERCENT.test(rawPath)) return refuse("its path has a % without two hexadecimal digits");
  const encoded = normaliseEncoding(rawPath);
  if (ENCODED_CONTROL.test(encoded)) return refuse("its path has an encoded control character");
  if (OVERLONG.test(encoded)) return refuse("its path has an overlong encoding");
  const path = removeDotSegments(encoded);
  if (hidesDotSegment(path)) return refuse("its path hides a dot segment");
  const target = path + query;
  // Encoding lengthens, and a result that is not accepted again would not be a fixed point.
  if (target.length > MAX_TARGET_LENGTH) return refuse("it is too long once it is encoded");
  return { ok: true, path, query, target };
}

/** What an absolute-form request line asks for. */
export interface AbsoluteTarget {
  readonly authority: Authority;
  /** Origin form, not canonical yet: input to {@linkcode canonicalTarget}. */
  readonly rawTarget: string;
}

/**
 * Splits the absolute-form target of a plain `http://` proxy request (RFC 9112, section 3.2.2).
 * Any other scheme, and user information, is refused. Never throws.
 */
export function splitAbsoluteTarget(raw: string): { ok: true } & AbsoluteTarget | Refusal {
  if (raw.length > MAX_TARGET_LENGTH) {
    return refuse(`it is longer than ${MAX_TARGET_LENGTH} characters`);
  }
  const parts = /^http:\/\/([^/?#]*)(.*)$/is.exec(raw);
  if (parts === null) return refuse("it is not an http:// URL");
  const [, authorityText = "", rest = ""] = parts;
  const authority = parseAuthority(authorityText, 80);
  if (!authority.ok) return refuse(`its host cannot be used: ${authority.reason}`);
  const { host, kind, port = 80 } = authority;
  const rawTarget = rest.startsWith("/") ? rest : `/${rest}`;
  return { ok: true, authority: { host, kind, port }, rawTarget };
}
