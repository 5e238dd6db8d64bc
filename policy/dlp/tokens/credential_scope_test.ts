import assert from "node:assert/strict";
import { createTokenMatcher } from "./matcher.ts";

const matcher = createTokenMatcher();
const ID = ["AKIA", "Z7QW4ERT", "Y5UIOP6A"].join("");
const KEY = ["wJalrXUtnF", "K7MDENGbPx", "RfiCY3sQ9z", "Lm4vT8kW2p"].join("");
const FORM = `X-Amz-Credential=${ID}/20260101/us-east-1/s3/aws4_request`;
const ADDRESS = `https://bucket.s3.amazonaws.com/file?X-Amz-Algorithm=AWS4-HMAC-SHA256&${FORM}` +
  "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host";

function found(text: string): string[] {
  return matcher.find(new TextEncoder().encode(text), 10).map(({ id }) => id);
}

Deno.test("the identifier of a key in a presigned address is public", () => {
  const once = encodeURIComponent(FORM).replace("%3D", "=");
  for (
    const text of [
      ADDRESS,
      FORM,
      FORM.replaceAll("/", "%2F"),
      FORM.replaceAll("/", "%2f"),
      once,
      `next=${encodeURIComponent(ADDRESS)}`,
      `next=${encodeURIComponent(ADDRESS.replace(FORM, once))}`,
      FORM.replace("us-east-1", "us-gov-west-1"),
    ]
  ) assert.deepEqual(found(text), [], text);
});

Deno.test("the identifier alone, and all that only looks like the form, is found", () => {
  for (
    const text of [
      ID,
      `Credential=${ID}/20260101/us-east-1/s3/aws4_request`,
      `X-Amz-Credential: ${ID}/20260101/us-east-1/s3/aws4_request`,
      `X-Amz-Credential=x${ID}/20260101/us-east-1/s3/aws4_request`,
      `X-Amz-Credential=${ID} `,
      `X-Amz-Credential=${ID}&a=1`,
      `X-Amz-Credential=${ID}/20260101/`.concat("anything/s3/aws4_request"),
      FORM.replace("20260101", "00000000"),
      FORM.replace("s3", "s3/s3"),
      `${FORM}s`,
    ]
  ) assert.deepEqual(found(text), ["aws-access-key"], text);
});

Deno.test("the form hides no other token, and no key", () => {
  const key = `"SecretAccessKey": "${KEY}"`;
  assert.deepEqual(found(`${ADDRESS}&${key}`), ["aws-secret-key"]);
  assert.deepEqual(found(`${key} ${ADDRESS}`), ["aws-secret-key"]);
  assert.deepEqual(found(`${ADDRESS} ${ID}`), ["aws-access-key"]);
  const other = ["gh", "p_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3gH5"].join("");
  assert.deepEqual(found(FORM.replace("s3", other)), ["aws-access-key", "github-classic"]);
  assert.deepEqual(found(FORM.replace(ID, other)), ["github-classic"]);
});

Deno.test("what more of a text decides is not told of before", () => {
  for (let end = 0; end <= ADDRESS.length; end++) {
    assert.deepEqual(found(ADDRESS.slice(0, end)), [], ADDRESS.slice(0, end));
  }
});
