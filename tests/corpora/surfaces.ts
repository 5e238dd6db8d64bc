import { Buffer } from "node:buffer";

/** Every place of a request that can carry text out. */
export const SURFACES = Object.freeze(
  [
    "host",
    "path",
    "query",
    "header name",
    "header value",
    "trailer",
    "JSON",
    "form",
    "multipart",
    "gzip",
    "br",
    "zstd",
    "streamed",
    "WebSocket text",
    "WebSocket binary",
  ] as const,
);

export type Surface = (typeof SURFACES)[number];

/** Characters that RFC 3986 lets stand in a path as they are, and a percent sign. */
const PATH = /[A-Za-z0-9\-._~!$&'()*+,;=:@%]/;
/** RFC 9110, section 5.6.2. */
const TOKEN = /[A-Za-z0-9!#$%&'*+\-.^_`|~]/;

const MOST_HOST = 200;
const LABEL = 50;

/**
 * What stands on the surface when a text is put there by the surface's own rules; `undefined` where
 * they leave no place for it. One character for each byte.
 */
export function carry(surface: Surface, text: string): string | undefined {
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  switch (surface) {
    case "host":
      return asHost(text);
    case "header name":
      return [...text].every((character) => TOKEN.test(character)) ? `x-${text}` : undefined;
    case "path":
    case "query":
      return escapeUnless(PATH, text);
    case "header value":
    case "trailer":
      return /[\0\r\n]/.test(text) ? undefined : bytes.trim();
    case "JSON":
    case "gzip":
    case "br":
    case "zstd":
    case "streamed":
    case "WebSocket text":
      return jsonOf(bytes);
    case "form":
      return `a=1&note=${escapeUnless(/[A-Za-z0-9\-._*%]/, text)}&b=2`;
    case "multipart":
      return '--limit\r\nContent-Disposition: form-data; name="note"; filename="a.txt"\r\n' +
        `Content-Type: text/plain\r\n\r\n${bytes}\r\n--limit--\r\n`;
    case "WebSocket binary":
      return `\x00\x01\xff\xfe${bytes}\xff\x00\x80`;
  }
}

/** Names have no case and few characters; a reader can guess what a hyphen stood for. */
function asHost(text: string): string | undefined {
  if (/[^A-Za-z0-9\-._+/=]/.test(text)) return undefined;
  const plain = text.toLowerCase().replace(/=+$/, "").replaceAll(/[^a-z0-9]+/g, "-");
  const labels = plain.match(new RegExp(`.{1,${LABEL}}`, "g")) ?? [];
  // No label may begin or end with a hyphen.
  const name = labels.map((label) => `a${label}z`).join(".");
  return name.length > MOST_HOST ? undefined : `${name}.example.com`;
}

function escapeUnless(allowed: RegExp, text: string): string {
  const escaped = [...text].map((character) =>
    allowed.test(character)
      ? character
      : [...Buffer.from(character, "utf8")].map((byte) =>
        `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
      ).join("")
  ).join("");
  // A percent sign that begins no escape would make the request unreadable.
  return escaped.replaceAll(/%(?![0-9a-f]{2})/gi, "%25");
}

/** A JSON text whose escapes are the text's own when it has any. */
function jsonOf(bytes: string): string {
  const value = /^[^"\n]*\\u[0-9a-f]{4}[^"\n]*$/i.test(bytes)
    ? `"${bytes}"`
    : JSON.stringify(bytes);
  return `{"model":"m-1","messages":[{"role":"user","content":${value}}],"stream":true}`;
}
