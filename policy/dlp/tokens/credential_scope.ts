/** What stands in front of the identifier in an address, its equals sign encoded or not. */
const BEFORE = /X-Amz-Credential(?:=|%(?:25)?3[Dd])$/;
const LONGEST_BEFORE = 24;

/** A part of the scope, and how it may be cut off. */
type Part = readonly [whole: string, cut: string];

const SLASH: Part = ["(?:/|%(?:25)?2[Ff])", "%(?:25?)?2?"];

/** Date, region, service and the word that ends a scope (AWS Signature Version 4). */
const PARTS: readonly Part[] = [
  SLASH,
  ["20[0-9]{6}", "[0-9]{1,7}"],
  SLASH,
  ["[a-z]{2}(?:-[a-z]{2,10}){1,3}-[0-9]", "[a-z-]{1,36}"],
  SLASH,
  ["[a-z0-9-]{2,20}", "[a-z0-9-]"],
  SLASH,
  ["aws4_request(?![A-Za-z0-9_])", "[a-z4_]{1,11}"],
];
const LONGEST_SCOPE = 128;

/** A text that ends within a scope counts as one, so that more of the text takes nothing back. */
const SCOPE = new RegExp(
  "^" + PARTS.reduceRight((rest, [whole, cut]) => `(?:$|${cut}$|${whole}${rest})`, ""),
);

/**
 * Is the identifier of a key a part of a presigned address? These are handed out to whoever may
 * fetch one object: `X-Amz-Credential=AKIA.../20260101/us-east-1/s3/aws4_request`. The identifier
 * opens nothing without its key.
 */
export function isInCredentialScope(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): boolean {
  return SCOPE.test(latin1(bytes, end, end + LONGEST_SCOPE)) &&
    BEFORE.test(latin1(bytes, start - LONGEST_BEFORE, start));
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(Math.max(0, start), end));
}
