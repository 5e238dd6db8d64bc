import { decodeBase64, latin1 } from "./base64.ts";
import { markPublicDer } from "./der_layout.ts";
import type { Source } from "./encodings.ts";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^]*?)-----END \1-----/g;
const NO_MARKS = new Uint8Array(0);
const OPENSSH_MAGIC = "openssh-key-v1\0";

/** Is there a PEM block in it? */
export function holdsPem(value: string): boolean {
  return value.match(BLOCK) !== null;
}

/**
 * The bodies of the private blocks of PEM (RFC 7468) without their line ends, and what of them
 * anybody may know: the framing and the public half of the key.
 */
export function pemParts(value: string): Source[] {
  return [...value.matchAll(BLOCK)].flatMap(([, label = "", text = ""]) => {
    if (/CERTIFICATE|PUBLIC|PARAMETERS/.test(label)) return [];
    const lines = text.split(/[\r\n]+|\\[nr]/).filter((line) => !line.includes(":"));
    const body = lines.join("").replaceAll(/\s/g, "");
    const der = decodeBase64(body);
    // What cannot be read stays private as a whole.
    const marks = der === undefined
      ? NO_MARKS
      : label.startsWith("OPENSSH")
      ? markPublicSsh(der)
      : markPublicDer(der);
    const bytes = new TextEncoder().encode(body);
    const isPublic = bytes.map((_, at) => {
      const first = Math.floor((at * 6) / 8);
      const last = Math.floor((at * 6 + 5) / 8);
      return marks[first] === 1 && marks[last] === 1 ? 1 : 0;
    });
    return [{ bytes, isPublic }];
  });
}

/**
 * OpenSSH's own format (PROTOCOL.key): everything in front of the private section, and what of that
 * section the public key holds as well.
 */
function markPublicSsh(bytes: Uint8Array): Uint8Array {
  const marks = new Uint8Array(bytes.length);
  let at = OPENSSH_MAGIC.length;
  for (let n = 0; n < 3; n++) at += 4 + lengthAt(bytes, at);
  at += 4;
  const publicKey = bytes.subarray(at + 4, at + 4 + lengthAt(bytes, at));
  at += 4 + publicKey.length + 4;
  marks.fill(1, 0, at);
  const known = latin1(publicKey);
  for (at += 8; at + 4 < bytes.length;) {
    const end = at + 4 + lengthAt(bytes, at);
    const field = latin1(bytes.subarray(at + 4, end));
    marks.fill(1, at, known.includes(field) ? end : at + 4);
    at = end;
  }
  return marks;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return [0, 1, 2, 3].reduce((sum, n) => sum * 256 + (bytes[at + n] ?? 0), 0);
}
