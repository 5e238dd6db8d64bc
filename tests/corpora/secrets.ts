import { seededBlobs } from "../doubles/models/blobs.ts";

/** Credentials of the usual shapes by the name under which a sidecar would hold them. */
export function corpusSecrets(): Readonly<Record<string, string>> {
  const blobs = seededBlobs(2_718_281);
  const uuid = [8, 4, 4, 4, 12].map((length) => blobs.hex(length)).join("-");
  return {
    EGRESS_TOKEN_0: blobs.alphanumeric(40),
    EGRESS_TOKEN_1: uuid,
    EGRESS_TOKEN_2: `${blobs.base64(42)}+/`,
    EGRESS_TOKEN_3: ["sk", "proj", blobs.base64(74, "url")].join("-"),
    EGRESS_TOKEN_4: `${blobs.alphanumeric(7)}.${blobs.alphanumeric(8)}_${blobs.alphanumeric(9)}`,
  };
}
