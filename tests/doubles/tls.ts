import { buildCertificate } from "../../policy/certificate.ts";
import { toPem } from "../../policy/pem.ts";

/** A certificate of a made-up authority, as a TLS server takes it. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

/** A made-up authority that stands in for the public ones. */
export interface TestAuthority {
  readonly certPem: string;
  issue(...names: string[]): Promise<ServerIdentity>;
}

const P256 = Object.freeze({ name: "ECDSA", namedCurve: "P-256" });
const HOUR_MS = 60 * 60 * 1000;

/** Makes an authority for one test run; its key stays in this process. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const authority = await makeKey();
  const common = (): { serial: Uint8Array; notBefore: Date; notAfter: Date } => ({
    serial: crypto.getRandomValues(new Uint8Array(16)),
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + 24 * HOUR_MS),
  });
  const sign = async (tbs: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
    new Uint8Array(
      await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, authority.pair.privateKey, tbs),
    );
  const issuer = "bot-bottle test authority";
  const root = await buildCertificate({
    ...common(),
    subject: issuer,
    issuer,
    subjectPublicKeySpki: authority.spki,
    ca: true,
    ski: authority.id,
    aki: authority.id,
    sign,
  });
  const issue = async (...names: string[]): Promise<ServerIdentity> => {
    const leaf = await makeKey();
    const certificate = await buildCertificate({
      ...common(),
      subject: names[0] ?? "leaf",
      issuer,
      subjectPublicKeySpki: leaf.spki,
      san: names.map((value) => ({ type: "dns", value })),
      ski: leaf.id,
      aki: authority.id,
      sign,
    });
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", leaf.pair.privateKey);
    return {
      cert: toPem("CERTIFICATE", certificate),
      key: toPem("PRIVATE KEY", new Uint8Array(pkcs8)),
    };
  };
  return { certPem: toPem("CERTIFICATE", root), issue };
}

async function makeKey(): Promise<{ pair: CryptoKeyPair; spki: Uint8Array; id: Uint8Array }> {
  const pair = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const id = new Uint8Array(await crypto.subtle.digest("SHA-256", spki)).subarray(0, 20);
  return { pair, spki, id };
}
