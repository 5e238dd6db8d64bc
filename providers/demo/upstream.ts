import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { buildCertificate } from "../../policy/certificate.ts";
import { toPem } from "../../policy/pem.ts";

/** The only name that the stand-in's certificate is for. */
const HOST = "demo.example";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The demo's stand-in for a service on the Internet. */
export interface DemoUpstream extends AsyncDisposable {
  readonly port: number;
  /** Its self-signed certificate, for the sidecar to trust. */
  readonly caPem: string;
  close(): Promise<void>;
}

/** A token of the form that the demo's agent searches its bottle for. */
export function makeDemoToken(): string {
  return `bbdemo_${randomBytes(16).toString("hex")}`;
}

async function throwawayCertificate(): Promise<{ certPem: string; keyPem: string }> {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }));
  const keyId = new Uint8Array(randomBytes(20));
  const certificate = await buildCertificate({
    subject: HOST,
    issuer: HOST,
    subjectPublicKeySpki: spki,
    serial: new Uint8Array(randomBytes(16)),
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    san: [{ type: "dns", value: HOST }],
    ski: keyId,
    aki: keyId,
    sign: (tbs) =>
      Promise.resolve(
        new Uint8Array(sign("sha256", tbs, { key: pair.privateKey, dsaEncoding: "ieee-p1363" })),
      ),
  });
  const key = new Uint8Array(pair.privateKey.export({ type: "pkcs8", format: "der" }));
  return { certPem: toPem("CERTIFICATE", certificate), keyPem: toPem("PRIVATE KEY", key) };
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
  const { certPem, keyPem } = await throwawayCertificate();
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
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
  return { port, caPem: certPem, close, [Symbol.asyncDispose]: close };
}
