import assert from "node:assert/strict";
import { buildCertificate, readCertificateIdentity } from "./certificate.ts";
import { fromPem, toPem } from "./pem.ts";

/** A P-256 SubjectPublicKeyInfo of a point that is as good as any here. */
const SPKI = Uint8Array.from([
  ...[0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
  ...[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04],
  ...new Array<number>(64).fill(7),
]);

function build(parts: { subject?: string; notAfter?: Date; signature?: number } = {}): Promise<
  Uint8Array<ArrayBuffer>
> {
  return buildCertificate({
    subject: parts.subject ?? "api.example.com",
    issuer: "bot-bottle test",
    subjectPublicKeySpki: SPKI,
    serial: Uint8Array.of(0, 0xff, 1),
    notBefore: new Date("2026-01-01T00:00:00Z"),
    notAfter: parts.notAfter ?? new Date("2027-01-01T00:00:00Z"),
    ski: Uint8Array.of(1, 2, 3),
    aki: Uint8Array.of(4, 5, 6),
    san: [{ type: "dns", value: "api.example.com" }],
    sign: () => Promise.resolve(new Uint8Array(parts.signature ?? 64).fill(0x80)),
  });
}

Deno.test("what a certificate says of itself can be read back", async () => {
  const identity = readCertificateIdentity(await build());
  assert.equal(identity.subject, "api.example.com");
  assert.deepEqual([...identity.ski], [1, 2, 3]);
  assert.equal(identity.notAfter.toISOString(), "2027-01-01T00:00:00.000Z");
});

Deno.test("a validity that ends after 2049 is written in the longer form", async () => {
  const der = await build({ notAfter: new Date("2051-02-03T04:05:06Z") });
  assert.equal(readCertificateIdentity(der).notAfter.toISOString(), "2051-02-03T04:05:06.000Z");
});

Deno.test("a common name is cut where the standard ends it", async () => {
  const der = await build({ subject: "a".repeat(200) });
  assert.equal(readCertificateIdentity(der).subject.length, 64);
});

Deno.test("a signature of another length is refused", async () => {
  await assert.rejects(build({ signature: 63 }), TypeError);
});

Deno.test("PEM can be taken apart again, and text without a block is refused", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
  assert.deepEqual(fromPem("CERTIFICATE", toPem("CERTIFICATE", bytes)), bytes);
  for (const text of ["", "-----BEGIN CERTIFICATE-----", toPem("PRIVATE KEY", bytes)]) {
    assert.throws(() => fromPem("CERTIFICATE", text), TypeError);
  }
});
