import assert from "node:assert/strict";
import { isGzip } from "./coded.ts";

Deno.test("an archive is known by its first three bytes", () => {
  assert.equal(isGzip(Uint8Array.of(0x1f, 0x8b, 8, 0)), true);
  assert.equal(isGzip(Uint8Array.of(0x1f, 0x8b)), undefined);
  assert.equal(isGzip(new Uint8Array()), undefined);
  assert.equal(isGzip(Uint8Array.of(0x1f, 0x8b, 9)), false);
  assert.equal(isGzip(Uint8Array.of(0x50)), false);
});
