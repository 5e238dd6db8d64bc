/** A header line: name as it was written, and value. */
export type Header = readonly [name: string, value: string];

/** Meant for the next hop only (RFC 9110, section 7.6.1), or answered by the proxy (Expect). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
]);

/** What `Connection` cannot take away: without these the message is another one. */
const NOT_NOMINATED: ReadonlySet<string> = new Set(["host", "content-length", "content-type"]);

/** The values of a header, without outer white space. */
export function headerValues(headers: readonly Header[], lowerName: string): readonly string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === lowerName)
    .map(([, value]) => value.trim());
}

function nominated(headers: readonly Header[]): ReadonlySet<string> {
  const names = headerValues(headers, "connection")
    .flatMap((value) => value.split(","))
    .map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => !NOT_NOMINATED.has(name)));
}

/**
 * The headers of a request that go on to the upstream, in order: without hop-by-hop ones, those
 * that `Connection` names, `Proxy-*`, and the agent's own `Authorization`. Rules are matched
 * against these, so nothing can satisfy a rule and then be left behind.
 */
export function endToEndHeaders(headers: readonly Header[]): readonly Header[] {
  const dropped = nominated(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || dropped.has(lower)) return false;
    return lower !== "authorization" && !lower.startsWith("proxy-");
  });
}
