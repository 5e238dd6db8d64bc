import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { createOutboundScanner } from "../../policy/dlp/scanner.ts";
import type { Finding } from "../../policy/dlp/finding.ts";
import type { OutboundScanner, ScanRequest } from "../../policy/dlp/scan.ts";
import { Secret } from "../../policy/secret.ts";
import { inflate } from "../../sidecar/egress/inflate.ts";

/** A token that no one issued, in parts so that nothing which reads this file takes it for one. */
export const TOKEN: string = ["glpat", "x7Kq2ZtP9sLmV4bN8cRd"].join("-");
export const TOKEN_KIND = "gitlab";

/** A secret of no known format. */
export const SECRET: string = ["kT9xQ2mVb7", "LzR4wPn8sHd3", "Jf6Gc1Ya5Ue0Wq"].join("");
export const SECRET_NAME = "EGRESS_TOKEN_0";

/** Scans for everything but random text; nothing was called safe. */
export const REQUEST: ScanRequest = {
  detectors: ["token_patterns", "known_secrets"],
  isSafe: () => false,
};

/** A scanner that knows {@linkcode SECRET}, with the sidecar's own decompression. */
export function createScanner(): OutboundScanner {
  const secrets = new Map([[SECRET_NAME, new Secret(SECRET)]]);
  return createOutboundScanner({ secrets, inflate });
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function kinds(findings: readonly Finding[]): string[] {
  return findings.map(({ kind }) => kind);
}

type Encode = (text: string) => string | Uint8Array;

const each = (write: (code: number) => string): Encode => (text) =>
  [...text].map((character) => write(character.codePointAt(0) ?? 0)).join("");
const hexOf = (code: number, width = 2): string => code.toString(16).padStart(width, "0");
const base64 = (text: string | Uint8Array): string =>
  Buffer.from(text as string).toString("base64");
const wide = (text: string): string =>
  text.replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
const percent = each((code) => `%${hexOf(code)}`) as (text: string) => string;
const unicode = each((code) => `\\u${hexOf(code, 4)}`) as (text: string) => string;
const pad = (text: string): string => `${"some words ".repeat(8)}${text} and more`;

/** Ways to write a text that a reader can undo, alone and within each other. */
export const ENCODINGS: Readonly<Record<string, Encode>> = {
  "as it is": (text) => text,
  "percent": percent,
  "percent, upper case": each((code) => `%${hexOf(code).toUpperCase()}`),
  "percent twice": each((code) => `%25${hexOf(code)}`),
  "percent thrice": each((code) => `%2525${hexOf(code)}`),
  "%u": each((code) => `%u${hexOf(code, 4)}`),
  "every third character percent-encoded": (text) =>
    [...text].map((one, n) => n % 3 ? one : percent(one)).join(""),
  "JSON escapes": unicode,
  "JSON in JSON": (text) => unicode(text).replaceAll("\\", "\\\\"),
  "braced escapes": each((code) => `\\u{${hexOf(code)}}`),
  "hexadecimal escapes": each((code) => `\\x${hexOf(code)}`),
  "octal escapes": each((code) => `\\${code.toString(8).padStart(3, "0")}`),
  "decimal references": each((code) => `&#${code};`),
  "hexadecimal references": each((code) => `&#x${hexOf(code)};`),
  "references with zeros": each((code) => `&#${String(code).padStart(12, "0")};`),
  "quoted-printable": each((code) => `=${hexOf(code).toUpperCase()}`),
  "quoted-printable with soft breaks": (text) => text.replace(/.{7}/g, "$&=\r\n"),
  "percent in JSON": (text) => percent(text).replaceAll("%", "\\u0025"),
  "JSON in percent": (text) => unicode(text).replaceAll("\\", "%5C"),
  "reference in percent": (text) =>
    text.replace(/[a-z]/g, (one) => `%26%23${one.charCodeAt(0)}%3B`),
  "full width": wide,
  "full width in JSON": (text) => unicode(wide(text)),
  "full width in percent": (text) => encodeURIComponent(wide(text)),
  "percent in full width": (text) => wide(percent(text)),
  "zero-width between": (text) => [...text].join("\u200b"),
  "marks above": (text) => [...text].join("\u0301"),
  "soft hyphens, escaped": (text) => [...text].join("\\u00ad"),
  "tag characters": each((code) => String.fromCodePoint(0xe0000 + code)),
  "mathematical": (text) =>
    text.replace(/[a-z]/g, (one) => String.fromCodePoint(0x1d41a + one.charCodeAt(0) - 97)),
  "Cyrillic and Greek": (text) =>
    [...text].map((one) => ({ a: "\u0430", e: "\u0435", P: "\u03a1", c: "\u0441" })[one] ?? one)
      .join(""),
  "overlong UTF-8": (text) =>
    Uint8Array.from([...text].flatMap((one) => {
      const code = one.charCodeAt(0);
      return [0xc0 | code >> 6, 0x80 | code & 0x3f];
    })),
  "UTF-16, little end first": (text) => Buffer.from(text, "utf16le"),
  "UTF-16, big end first": (text) => Buffer.from(text, "utf16le").swap16(),
  "base64": base64,
  "base64 of more": (text) => base64(pad(text)),
  "base64 behind a letter": (text) => `x${base64(pad(text))}`,
  "base64 behind two letters": (text) => `xy${base64(pad(text))}`,
  "base64 behind three letters": (text) => `xyz${base64(pad(text))}`,
  "base64 in lines": (text) => base64(pad(text)).replace(/.{20}/g, "$&\r\n"),
  "base64 in escaped lines": (text) => base64(pad(text)).replace(/.{20}/g, "$&\\n"),
  "base64 in groups": (text) => base64(pad(text)).replace(/.{4}/g, "$& "),
  "base64 in pairs with commas": (text) => base64(pad(text)).replace(/.{2}/g, "$&, "),
  "base64url": (text) => Buffer.from(pad(text)).toString("base64url"),
  "base64 of UTF-16": (text) => base64(Buffer.from(text, "utf16le")),
  "base64 of full width": (text) => base64(wide(text)),
  "base64 behind bytes": (text) =>
    base64(Buffer.concat([Uint8Array.of(0, 1, 2, 255, 254, 3, 129), Buffer.from(text)])),
  "base64 twice": (text) => base64(base64(pad(text))),
  "base64 twice behind letters": (text) => `a${base64(`bc${base64(pad(text))}`)}`,
  "hexadecimal": (text) => Buffer.from(text).toString("hex"),
  "hexadecimal, upper case": (text) => Buffer.from(text).toString("hex").toUpperCase(),
  "hexadecimal behind a digit": (text) => `7${Buffer.from(text).toString("hex")}`,
  "hexadecimal in lines": (text) => Buffer.from(text).toString("hex").replace(/.{30}/g, "$&\n"),
  "hexadecimal in groups": (text) => Buffer.from(text).toString("hex").replace(/.{4}/g, "$& "),
  "hexadecimal with colons": (text) => [...Buffer.from(text)].map((byte) => hexOf(byte)).join(":"),
  "a list of hexadecimal bytes": (text) =>
    [...Buffer.from(text)].map((byte) => `0x${hexOf(byte)}`).join(", "),
  "a list of bytes": (text) => JSON.stringify([...Buffer.from(text)]),
  "hexadecimal of base64": (text) => Buffer.from(base64(text)).toString("hex"),
  "base64 of hexadecimal": (text) => base64(Buffer.from(text).toString("hex")),
  "base64 of percent": (text) => base64(percent(text)),
  "percent of base64": (text) => percent(base64(text)),
  "gzip": (text) => gzipSync(text),
  "gzip twice": (text) => gzipSync(gzipSync(text)),
  "base64 of gzip": (text) => base64(gzipSync(pad(text))),
  "base64 of gzip behind letters": (text) => `Xy${base64(gzipSync(pad(text)))}`,
  "gzip of base64": (text) => gzipSync(base64(text)),
  "base64 of gzip of base64": (text) => base64(gzipSync(base64(text))),
  "hexadecimal of gzip": (text) => gzipSync(text).toString("hex"),
};

/** The bytes of a text in one of the {@linkcode ENCODINGS}, with words before and behind. */
export function body(
  encode: Encode,
  text: string,
  before = 'The value is "',
  after = '".',
): Uint8Array {
  const written = encode(text);
  const bytes = typeof written === "string" ? utf8(written) : written;
  return Uint8Array.from([...utf8(before), ...bytes, ...utf8(after)]);
}
