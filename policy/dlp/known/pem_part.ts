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
 * OpenSSH's own format (PROTOCOL.key): everything in front of the private section's keys, the
 * comment, the padding and what the public key holds as well.
 */
function markPublicSsh(bytes: Uint8Array): Uint8Array {
  const marks = new Uint8Array(bytes.length);
  let at = OPENSSH_MAGIC.length;
  for (let n = 0; n < 3; n++) at += 4 + lengthAt(bytes, at);
  at += 4;
  const publicKey = latin1(bytes.subarray(at + 4, at + 4 + lengthAt(bytes, at)));
  at += 4 + publicKey.length + 4 + 8;
  marks.fill(1, 0, at);
  let comment = at;
  for (let end = at; at + 4 <= bytes.length; at = end) {
    end = at + 4 + lengthAt(bytes, at);
    if (end > bytes.length) break;
    const field = latin1(bytes.subarray(at + 4, end));
    const shared = Math.max(...[0, 32, field.length].filter((n) => endsIn(field, publicKey, n)));
    marks.fill(1, at, at + 4).fill(1, end - shared, end);
    comment = at;
  }
  return marks.fill(1, comment);
}

/** Do the last so many bytes of a field stand in the public key? An Ed25519 key's half does. */
function endsIn(field: string, publicKey: string, length: number): boolean {
  return length <= field.length && publicKey.includes(field.slice(field.length - length));
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return [0, 1, 2, 3].reduce((sum, n) => sum * 256 + (bytes[at + n] ?? 0), 0);
}
