import type { Compression } from "../../policy/dlp/scan.ts";
import { type Header, headerValues } from "../../policy/egress/end_to_end.ts";

/** Content codings that the scan can take off, by their names in headers (RFC 9110, 8.4.1). */
const KNOWN: ReadonlyMap<string, Compression> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "br"],
  ["zstd", "zstd"],
]);

/** A body is honestly coded once, and twice by mistake. */
const MAX_CODINGS = 2;

/** What a response's body is coded with, in the order in which it was applied. */
export type Codings =
  | { readonly ok: true; readonly list: readonly Compression[] }
  | { readonly ok: false; readonly reason: string };

/** Reads what a response says of its body's form; `ok: false` for what cannot be taken off. */
export function contentCodings(headers: readonly Header[]): Codings {
  const names = listed(headers, "content-encoding").filter((name) => name !== "identity");
  const list = names.flatMap((name) => KNOWN.get(name) ?? []);
  if (list.length < names.length) return { ok: false, reason: "its content coding is not known" };
  if (list.length > MAX_CODINGS) return { ok: false, reason: "it is coded more than twice" };
  if (listed(headers, "transfer-encoding").some((name) => name !== "chunked")) {
    return { ok: false, reason: "its transfer coding is not known" };
  }
  // Deltas against an earlier body (RFC 3229).
  if (listed(headers, "im").length > 0) return { ok: false, reason: "it is a delta" };
  return { ok: true, list };
}

function listed(headers: readonly Header[], lowerName: string): readonly string[] {
  return headerValues(headers, lowerName).flatMap((value) => value.toLowerCase().split(","))
    .map((name) => name.trim()).filter((name) => name !== "");
}

/**
 * The headers of a request with no offer of a coding that the proxy could not take off the
 * response. A part of a coded body cannot be decoded, so a request for a range asks for it as it
 * is.
 */
export function limitAcceptEncoding(headers: readonly Header[]): readonly Header[] {
  const offered = headerValues(headers, "accept-encoding");
  const wantsPart = headerValues(headers, "range").length > 0;
  if (offered.length === 0 && !wantsPart) return headers;
  const kept = wantsPart ? [] : offered.flatMap((value) => value.split(",")).filter(isDecodable);
  const value = kept.length === 0 ? "identity" : kept.map((one) => one.trim()).join(", ");
  const limited: Header[] = [];
  let isWritten = false;
  for (const header of headers) {
    if (header[0].toLowerCase() !== "accept-encoding") limited.push(header);
    else if (!isWritten) {
      limited.push([header[0], value]);
      isWritten = true;
    }
  }
  return isWritten ? limited : [...limited, ["Accept-Encoding", value]];
}

function isDecodable(offer: string): boolean {
  const name = offer.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return KNOWN.has(name) || name === "identity";
}
