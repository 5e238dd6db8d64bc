import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { buildCertificate, type CertificateFields } from "../../policy/certificate.ts";
import { toPem } from "../../policy/pem.ts";

/** The only name that the stand-in's certificate is for. */
const HOST = "demo.example";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The demo's stand-in for a service on the Internet. */
export interface DemoUpstream extends AsyncDisposable {
  readonly port: number;
  /** The authority of its certificate, for the sidecar to trust. */
  readonly caPem: string;
  close(): Promise<void>;
}

/** A token of the form that the demo's agent searches its bottle for. */
export function makeDemoToken(): string {
  return `bbdemo_${randomBytes(16).toString("hex")}`;
}

interface KeyPair {
  readonly spki: Uint8Array;
  readonly keyId: Uint8Array;
  readonly pem: string;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

function newKeyPair(): KeyPair {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = new Uint8Array(pair.privateKey.export({ type: "pkcs8", format: "der" }));
  return {
    spki: new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" })),
    keyId: new Uint8Array(randomBytes(20)),
    pem: toPem("PRIVATE KEY", key),
    sign: (bytes) => {
      const signature = sign("sha256", bytes, { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
      return Promise.resolve(new Uint8Array(signature));
    },
  };
}

/** An authority that signs this one certificate and is then forgotten. */
async function throwawayCertificate(): Promise<{ ca: string; cert: string; key: string }> {
  const authority = newKeyPair();
  const own = newKeyPair();
  const issuer = "bot-bottle demo";
  const signed = (
    fields: Pick<CertificateFields, "subject" | "ca" | "san">,
    owner: KeyPair,
  ): Promise<Uint8Array> =>
    buildCertificate({
      ...fields,
      issuer,
      subjectPublicKeySpki: owner.spki,
      serial: new Uint8Array(randomBytes(16)),
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      ski: owner.keyId,
      aki: authority.keyId,
      sign: authority.sign,
    });
  const [ca, cert] = await Promise.all([
    signed({ subject: issuer, ca: true }, authority),
    signed({ subject: HOST, san: [{ type: "dns", value: HOST }] }, own),
  ]);
  return { ca: toPem("CERTIFICATE", ca), cert: toPem("CERTIFICATE", cert), key: own.pem };
}

function listen(server: Server, hostname: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, hostname, () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * Serves `https://demo.example` on a free port of `hostname`: `/public/hello`, `/public/account`,
 * which says whether the request came with `expectedAuthorization`, and `/private/hello`, which
 * only a hole in the proxy leads to.
 */
export async function startDemoUpstream(
  { hostname, expectedAuthorization }: { hostname: string; expectedAuthorization: string },
): Promise<DemoUpstream> {
  const { ca, cert, key } = await throwawayCertificate();
  const server = createServer({ cert, key }, (request, response) => {
    const authorized = request.headers.authorization === expectedAuthorization;
    const account = request.url === "/public/account";
    const body = JSON.stringify(account ? { authorized } : { message: "hello from outside" });
    request.resume();
    response.writeHead(200, { "content-type": "application/json" });
    response.end(body + "\n");
  });
  const port = await listen(server, hostname);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, caPem: ca, close, [Symbol.asyncDispose]: close };
}
