import type { EchoRedactor } from "../../policy/dlp/inbound/echo.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { responseHeaders } from "./message.ts";

/** Describe the coded body, and are wrong of the decoded one. */
const OF_CODED_BODY: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-length",
  "content-md5",
  "content-digest",
  "repr-digest",
  "digest",
  "accept-ranges",
]);

/** The headers of a response for the agent, without any secret that the upstream repeats. */
export function agentHeaders(
  headers: readonly Header[],
  options: { readonly isDecoded: boolean; readonly echo: EchoRedactor | undefined },
): readonly Header[] {
  const kept = responseHeaders(headers);
  return redactHeaders(options.isDecoded ? decodedHeaders(kept) : kept, options.echo);
}

/** Header lines with every secret in a value masked; a line that is named like one is left out. */
export function redactHeaders(
  headers: readonly Header[],
  echo: EchoRedactor | undefined,
): readonly Header[] {
  if (echo === undefined || headers.length === 0) return headers;
  // Hardly any response repeats a secret: one look at all lines tells.
  const all = headers.flat().join("\n");
  if (echo.redactText(all).found.length === 0) return headers;
  return headers.filter(([name]) => echo.redactText(name).found.length === 0)
    .map(([name, value]) => [name, echo.redactText(value).text]);
}

/** The body is sent decoded: another form of the same thing, hence a weak ETag (RFC 9110, 8.8.1). */
function decodedHeaders(headers: readonly Header[]): Header[] {
  return headers.filter(([name]) => !OF_CODED_BODY.has(name.toLowerCase()))
    .map(([name, value]): Header => {
      const isStrong = name.toLowerCase() === "etag" && value.startsWith('"');
      return [name, isStrong ? `W/${value}` : value];
    });
}
