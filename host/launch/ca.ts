import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { buildCertificate } from "../../policy/certificate.ts";
import { toPem } from "../../policy/pem.ts";
import { Secret } from "../../policy/secret.ts";
import type { BottleCa } from "../../policy/plan.ts";

/** A bottle lives for days; the margin before it covers clocks that differ. */
const VALID_DAYS = 365;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Makes a bottle's own certificate authority: a new P-256 key and its self-signed certificate.
 * `node:crypto` rather than WebCrypto, whose first key takes 24 ms.
 */
export async function createBottleCa(slug: string): Promise<BottleCa> {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }));
  const subject = `bot-bottle ${slug}`;
  const keyId = new Uint8Array(createHash("sha256").update(spki).digest()).subarray(0, 20);
  const certificate = await buildCertificate({
    subject,
    issuer: subject,
    subjectPublicKeySpki: spki,
    serial: new Uint8Array(randomBytes(16)),
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + VALID_DAYS * DAY_MS),
    ca: true,
    ski: keyId,
    aki: keyId,
    sign: (tbs) =>
      Promise.resolve(
        new Uint8Array(sign("sha256", tbs, { key: pair.privateKey, dsaEncoding: "ieee-p1363" })),
      ),
  });
  const key = new Uint8Array(pair.privateKey.export({ type: "pkcs8", format: "der" }));
  return Object.freeze({
    certPem: toPem("CERTIFICATE", certificate),
    keyPem: new Secret(toPem("PRIVATE KEY", key)),
  });
}
