import { Buffer } from "node:buffer";
import * as zlib from "node:zlib";
import type { Finding } from "../../policy/dlp/finding.ts";
import { createOutboundScanner } from "../../policy/dlp/scanner.ts";
import type { Compression, OutboundScanner, ScanRequest } from "../../policy/dlp/scan.ts";
import { type HeadParts, layOutHead, layOutTrailers } from "../../policy/dlp/surfaces.ts";
import { Secret } from "../../policy/secret.ts";
import { inflate } from "../../sidecar/egress/inflate.ts";
import { type Encoding, ENCODINGS } from "./encodings.ts";
import { corpusSecrets } from "./secrets.ts";
import { type Split, split, SPLITS } from "./splits.ts";
import { carry, type Surface, SURFACES } from "./surfaces.ts";

/** One thing that was sent, and whether it was seen. */
export interface Sample {
  readonly encoding: Encoding;
  readonly surface: Surface;
  readonly split: Split;
  /** The secret as it was written, before the surface's own rules. */
  readonly written: string;
  /** Name of the secret. */
  readonly secret: string;
  /** What stands on the surface, one character for each byte. */
  readonly carried: string;
}

/** Every sample: each encoding in each of its forms, in pieces of each size, on each surface. */
export function* samples(): Generator<Sample> {
  for (const encoding of ENCODINGS) {
    for (const [secret, value] of Object.entries(corpusSecrets())) {
      for (const form of encoding.forms(value)) {
        for (const size of SPLITS) {
          for (const text of split(form, size)) {
            for (const surface of SURFACES) {
              if (surface === "host" && encoding.needsCase) continue;
              const carried = carry(surface, text);
              if (carried !== undefined) {
                yield { encoding, surface, split: size, secret, written: text, carried };
              }
            }
          }
        }
      }
    }
  }
}

/** Only the detector that the corpus is about. */
export const KNOWN_ONLY: ScanRequest = Object.freeze({
  detectors: Object.freeze(["known_secrets" as const]),
  isSafe: () => false,
});

/** The scanner that knows every secret of the corpus. */
export function corpusScanner(): OutboundScanner {
  const secrets = new Map(
    Object.entries(corpusSecrets()).map(([name, value]) => [name, new Secret(value)]),
  );
  return createOutboundScanner({ secrets, inflate });
}

/** Is a sample seen? Scans it as the proxy scans that surface. */
export function isCaught(scanner: OutboundScanner, { surface, carried, secret }: Sample): boolean {
  const bytes = Buffer.from(carried, "latin1");
  return findingsOn(scanner, surface, { carried, bytes })
    .some(({ kind }) => kind === secret || kind === "unscannable");
}

function findingsOn(
  scanner: OutboundScanner,
  surface: Surface,
  { carried, bytes }: { readonly carried: string; readonly bytes: Uint8Array },
): readonly Finding[] {
  switch (surface) {
    case "gzip":
    case "br":
    case "zstd":
      return scanner.scan(decoded(surface, bytes), KNOWN_ONLY);
    case "streamed":
      return streamed(scanner, bytes);
    case "trailer":
      return scanner.scan(layOutTrailers([["x-note", carried]]).bytes, KNOWN_ONLY);
    case "host":
    case "path":
    case "query":
    case "header name":
    case "header value":
      return scanner.scan(layOutHead(headWith(surface, carried)).bytes, KNOWN_ONLY);
    default:
      return scanner.scan(bytes, KNOWN_ONLY);
  }
}

function headWith(surface: Surface, carried: string): HeadParts {
  return {
    method: "POST",
    host: surface === "host" ? carried : "api.example.com",
    path: surface === "path" ? `/v1/${carried}` : "/v1/messages",
    query: surface === "query" ? `?beta=true&q=${carried}` : "",
    headers: [
      ["accept", "application/json"],
      ...(surface === "header name" ? [[carried, "1"] as const] : []),
      ...(surface === "header value" ? [["x-note", carried] as const] : []),
    ],
  };
}

const { zstdCompressSync } = zlib as unknown as {
  zstdCompressSync(bytes: Uint8Array): Uint8Array;
};

const COMPRESS = Object.freeze({
  gzip: zlib.gzipSync,
  br: (bytes: Uint8Array) =>
    zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: zstdCompressSync,
});

/** A body in a content coding. */
export function compressed(coding: "gzip" | "br" | "zstd", bytes: Uint8Array): Uint8Array {
  return COMPRESS[coding](bytes);
}

function decoded(coding: Compression & keyof typeof COMPRESS, bytes: Uint8Array): Uint8Array {
  const plain = inflate(coding, compressed(coding, bytes), 1024 * 1024);
  if (!(plain instanceof Uint8Array)) throw new Error(`Cannot decode what was made: ${coding}`);
  return plain;
}

/** The body in chunks of growing lengths; what is released may hold no whole match. */
function streamed(scanner: OutboundScanner, bytes: Uint8Array): readonly Finding[] {
  const stream = scanner.stream(KNOWN_ONLY);
  let at = 0;
  for (let length = 1; at < bytes.length; length = length % 7 + 1) {
    const step = stream.push(bytes.subarray(at, at + length));
    if (!step.ok) return step.findings;
    at += length;
  }
  const last = stream.end();
  return last.ok ? [] : last.findings;
}

/** Is a token seen by its format alone, in a JSON body? */
export function isTokenCaught(scanner: OutboundScanner, text: string, kind: string): boolean {
  const bytes = Buffer.from(carry("JSON", text) ?? "", "latin1");
  return scanner.scan(bytes, { detectors: ["token_patterns"], isSafe: () => false })
    .some((finding) => finding.kind === kind || finding.kind === "unscannable");
}
