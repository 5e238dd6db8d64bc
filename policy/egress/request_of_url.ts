import type { RequestView } from "./decide.ts";
import type { Header } from "./end_to_end.ts";
import { formatAuthority, parseAuthority, type Refusal } from "./host.ts";

/** A request as a person describes it. */
export interface UrlRequest {
  readonly method: string;
  /** `http://` or `https://`; the path is taken as it is written. */
  readonly url: string;
  readonly headers: readonly Header[];
}

/**
 * What the proxy would see if a well-behaved client sent this request: nothing of the path is
 * normalised, so that a dry run decides on the very bytes. Never throws.
 */
export function requestOfUrl(
  { method, url, headers }: UrlRequest,
): { ok: true; request: RequestView } | Refusal {
  const parts = /^(https?):\/\/([^/?#]*)([^#]*)(?:#.*)?$/is.exec(url);
  if (parts === null) return { ok: false, reason: "it is not an http:// or https:// URL" };
  const [, schemeText = "", authorityText = "", rest = ""] = parts;
  const scheme = schemeText.toLowerCase() === "https" ? "https" : "http";
  const defaultPort = scheme === "https" ? 443 : 80;
  const parsed = parseAuthority(authorityText, defaultPort);
  if (!parsed.ok) return { ok: false, reason: `its host cannot be used: ${parsed.reason}` };
  const { host, kind, port = defaultPort } = parsed;
  const own = formatAuthority(host, kind, port === defaultPort ? undefined : port);
  const given = headers.filter(([name]) => name.toLowerCase() === "host");
  const request: RequestView = {
    scheme,
    method,
    authority: { host, kind, port },
    hostHeaders: given.length > 0 ? given.map(([, value]) => value) : [own],
    rawTarget: rest.startsWith("/") ? rest : `/${rest}`,
    headers,
  };
  return { ok: true, request };
}
