import { binary, bytesOf } from "./der.ts";

/** Wraps DER in PEM armour (RFC 7468). */
export function toPem(label: "CERTIFICATE" | "PRIVATE KEY", bytes: Uint8Array): string {
  const lines = btoa(binary(bytes)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * Takes the first PEM block of that label apart.
 * @throws {TypeError} when there is none or it is not base64.
 */
export function fromPem(
  label: "CERTIFICATE" | "PRIVATE KEY",
  pem: string,
): Uint8Array<ArrayBuffer> {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const from = pem.indexOf(begin);
  const to = pem.indexOf(end, from);
  const body = from < 0 || to < 0 ? "" : pem.slice(from + begin.length, to).replace(/\s+/g, "");
  if (body === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(body) || body.length % 4 !== 0) {
    throw new TypeError(`Cannot read PEM: no ${label} block in it`);
  }
  return bytesOf(atob(body));
}
