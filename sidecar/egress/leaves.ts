import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import ipaddr from "ipaddr.js";
import {
  buildCertificate,
  readCertificateIdentity,
  type SubjectName,
} from "../../policy/certificate.ts";
import { fromPem, toPem } from "../../policy/pem.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_MS = 30 * DAY_MS;

/** The PEM that a TLS server shows for one host. */
export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

/** Signs leaf certificates with the bottle's authority; all leaves share one P-256 key. */
export class LeafMint {
  readonly #signingKey: ReturnType<typeof createPrivateKey>;
  readonly #authority: ReturnType<typeof readCertificateIdentity>;
  readonly #leafKeyPem: string;
  readonly #leafSpki: Uint8Array;
  readonly #leafKeyId: Uint8Array;

  /** @throws {Error} when the certificate or the key is not usable. */
  constructor(ca: { readonly certPem: string; readonly keyPem: string }) {
    this.#signingKey = createPrivateKey(ca.keyPem);
    this.#authority = readCertificateIdentity(fromPem("CERTIFICATE", ca.certPem));
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#leafSpki = new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }));
    this.#leafKeyId = new Uint8Array(
      createHash("sha256").update(this.#leafSpki).digest().subarray(0, 20),
    );
    const key = new Uint8Array(pair.privateKey.export({ type: "pkcs8", format: "der" }));
    this.#leafKeyPem = toPem("PRIVATE KEY", key);
  }

  /** Makes a leaf for a canonical host name or address (IPv6 without brackets). */
  async mint(host: string): Promise<Leaf> {
    const now = Date.now();
    const end = Math.min(now + VALID_MS, this.#authority.notAfter.getTime());
    const der = await buildCertificate({
      subject: host,
      issuer: this.#authority.subject,
      subjectPublicKeySpki: this.#leafSpki,
      serial: new Uint8Array(randomBytes(16)),
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(end),
      san: [subjectName(host)],
      ski: this.#leafKeyId,
      aki: this.#authority.ski,
      sign: (tbs) => Promise.resolve(this.#sign(tbs)),
    });
    return { cert: toPem("CERTIFICATE", der), key: this.#leafKeyPem };
  }

  #sign(tbs: Uint8Array): Uint8Array {
    const key = { key: this.#signingKey, dsaEncoding: "ieee-p1363" } as const;
    return new Uint8Array(sign("sha256", tbs, key));
  }
}

function subjectName(host: string): SubjectName {
  return ipaddr.isValid(host)
    ? { type: "ip", bytes: Uint8Array.from(ipaddr.parse(host).toByteArray()) }
    : { type: "dns", value: host };
}
