import { decodeBase64, latin1 } from "./base64.ts";

/** A JWT in compact form (RFC 7519); its header is JSON, hence begins with these letters. */
const JWT = /^eyJ[A-Za-z0-9_-]+\.([A-Za-z0-9_-]*)\./;
/** A claim's value that looks random, which other tokens do not share. */
const RANDOM_VALUE = /"(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{16,}"/g;

const NO_BYTES = new Uint8Array(0);

/**
 * Marks with 1 what of a JWT other tokens of the same issuer have as well: its header, and of its
 * payload all but values that look random. The signature stays private.
 */
export function markPublicJwt(value: string, marks: Uint8Array): void {
  const match = JWT.exec(value);
  if (match === null) return;
  const [whole, payload = ""] = match;
  const start = whole.length - payload.length - 1;
  marks.fill(1, 0, whole.length);
  for (const random of latin1(decodeBase64(payload) ?? NO_BYTES).matchAll(RANDOM_VALUE)) {
    const first = Math.ceil((random.index * 8) / 6);
    const end = Math.floor(((random.index + random[0].length) * 8) / 6);
    marks.fill(0, start + first, start + end);
  }
}
