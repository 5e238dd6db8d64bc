import forge from "node-forge";

const { asn1 } = forge;
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;

/** One ASN.1 value. */
export type Node = forge.asn1.Asn1;

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
export function time(at: Date): Node {
  return at.getUTCFullYear() < 2050
    ? asn1.create(UNIVERSAL, asn1.Type.UTCTIME, false, asn1.dateToUtcTime(at))
    : asn1.create(UNIVERSAL, asn1.Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(at));
}

/** An unsigned number in the shortest form that does not read as negative. */
export function integer(bytes: Uint8Array): Node {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const body = binary(bytes.subarray(start));
  const isHigh = (bytes[start] ?? 0) >= 0x80;
  return asn1.create(UNIVERSAL, asn1.Type.INTEGER, false, isHigh ? `\0${body}` : body);
}

export function sequence(...nodes: Node[]): Node {
  return asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, nodes);
}

export function context(tag: number, constructed: boolean, value: string | Node[]): Node {
  return asn1.create(CONTEXT_SPECIFIC, tag, constructed, value);
}

export function oid(id: string): Node {
  return asn1.create(UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(id).getBytes());
}

export function boolean(value: boolean): Node {
  return asn1.create(UNIVERSAL, asn1.Type.BOOLEAN, false, value ? "\xff" : "\0");
}

export function octets(bytes: Uint8Array): Node {
  return asn1.create(UNIVERSAL, asn1.Type.OCTETSTRING, false, binary(bytes));
}

export function bits(byte: number, unused: number): Node {
  return asn1.create(UNIVERSAL, asn1.Type.BITSTRING, false, String.fromCharCode(unused, byte));
}

export function bitString(bytes: Uint8Array): Node {
  return asn1.create(UNIVERSAL, asn1.Type.BITSTRING, false, `\0${binary(bytes)}`);
}

export function children(node: Node | undefined): Node[] {
  return Array.isArray(node?.value) ? node.value : [];
}

export function text(node: Node | undefined): string {
  return typeof node?.value === "string" ? node.value : "";
}

export function der(node: Node): Uint8Array<ArrayBuffer> {
  return bytesOf(asn1.toDer(node).getBytes());
}

export function binary(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += String.fromCharCode(byte);
  return out;
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export function set(...nodes: Node[]): Node {
  return asn1.create(UNIVERSAL, asn1.Type.SET, true, nodes);
}

export function utf8(value: string): Node {
  return asn1.create(UNIVERSAL, asn1.Type.UTF8, false, forge.util.encodeUtf8(value));
}
