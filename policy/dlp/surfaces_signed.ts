import type { Header } from "../egress/end_to_end.ts";

/** Which surfaces a digest or signature covers, so that no byte of them can be changed. */
export interface SignedSurfaces {
  /** Path, query and header values. */
  readonly head: boolean;
  readonly body: boolean;
}

/** Digests of the body: RFC 1864, RFC 9530, RFC 3230, and those of object stores. */
const BODY_DIGEST = /^content-md5$|digest$|checksum|content-sha256$|^x-goog-hash$|content-crc/;
/** RFC 9421 and its drafts, and the many `X-...-Signature` of web hooks. */
const SIGNATURE = /signature|hmac/;
/** Parameters of presigned addresses. */
const SIGNED_QUERY = /[?&](?:x-[a-z0-9]+-signature|signature|sig|hmac)=/i;
/** Names of the fields to come after the body. */
const ANNOUNCES = /^(?:trailer|x-amz-trailer)$/;

/** Tells from a request's headers and query (with its `?`) what of it is signed. */
export function signedSurfaces(headers: readonly Header[], query: string): SignedSurfaces {
  let head = SIGNED_QUERY.test(query);
  let body = false;
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const names = ANNOUNCES.test(lower) ? value.toLowerCase().split(",") : [lower];
    for (const one of names.map((each) => each.trim())) {
      if (SIGNATURE.test(one)) head = body = true;
      // Amazon's word for a body that the signature leaves out.
      else if (BODY_DIGEST.test(one) && value !== "UNSIGNED-PAYLOAD") body = true;
    }
  }
  return { head, body };
}
