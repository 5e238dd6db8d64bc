import forge from "node-forge";
import {
  binary,
  bits,
  bitString,
  boolean,
  bytesOf,
  children,
  context,
  der,
  integer,
  type Node,
  octets,
  oid,
  sequence,
  set,
  text,
  time,
  utf8,
} from "./der.ts";

/** A host name in ASCII, or the 4 or 16 bytes of an address. */
export type SubjectName =
  | { readonly type: "dns"; readonly value: string }
  | { readonly type: "ip"; readonly bytes: Uint8Array };

/** What a certificate is made from; every key, number, time and signature comes from outside. */
export interface CertificateFields {
  /** Common name of the owner; not compared with host names by any current client. */
  readonly subject: string;
  /** Common name of the signer, the subject of its certificate. */
  readonly issuer: string;
  /** SubjectPublicKeyInfo of the owner's P-256 key, DER. */
  readonly subjectPublicKeySpki: Uint8Array;
  /** 1 to 20 bytes, unsigned, big endian; need not be minimal. */
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** True for an authority that signs leaves and no further authority. */
  readonly ca?: boolean;
  /** What a leaf stands for. */
  readonly san?: readonly SubjectName[];
  /** Identifier of the owner's key (RFC 5280, 4.2.1.2). */
  readonly ski: Uint8Array;
  /** Identifier of the signer's key (RFC 5280, 4.2.1.1). */
  readonly aki: Uint8Array;
  /** Signs with ECDSA and SHA-256; gives r and s, 32 bytes each, as WebCrypto does. */
  readonly sign: (tbs: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
}

const { asn1 } = forge;
const SHA256_WITH_ECDSA = "1.2.840.10045.4.3.2";
const OID = Object.freeze({
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
});
/** The longest common name that RFC 5280 allows. */
const COMMON_NAME_MAX = 64;

/**
 * Builds an X.509 v3 certificate (RFC 5280) and resolves with its DER. Authorities get critical
 * basicConstraints (path length 0) and keyUsage; leaves get serverAuth and the names given.
 */
export async function buildCertificate(
  fields: CertificateFields,
): Promise<Uint8Array<ArrayBuffer>> {
  const tbs = sequence(
    context(0, true, [integer(Uint8Array.of(2))]),
    integer(fields.serial),
    algorithm(),
    name(fields.issuer),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    name(fields.subject),
    asn1.fromDer(binary(fields.subjectPublicKeySpki)),
    context(3, true, [sequence(...extensions(fields))]),
  );
  const signature = await fields.sign(der(tbs));
  return der(sequence(tbs, algorithm(), bitString(ecdsaSignature(signature))));
}

/** What a leaf's signer must say of itself, taken from its certificate. */
export interface CertificateIdentity {
  readonly subject: string;
  readonly ski: Uint8Array;
  readonly notAfter: Date;
}

/**
 * Reads the common name, key identifier and end of validity of a certificate in DER.
 * @throws {TypeError} when it has no common name or no subject key identifier.
 */
export function readCertificateIdentity(der: Uint8Array): CertificateIdentity {
  const node = asn1.fromDer(binary(der));
  const tbs = children(children(node)[0]);
  const validity = children(tbs[4]);
  const subject = children(children(children(tbs[5])[0])[0])[1]?.value;
  const extension = children(children(tbs[7])[0]).find((one) =>
    asn1.derToOid(text(children(one)[0])) === OID.subjectKeyIdentifier
  );
  const until = validity[1];
  if (typeof subject !== "string" || extension === undefined || until === undefined) {
    throw new TypeError("Cannot read the certificate: it lacks a name or a key identifier");
  }
  const ski = text(asn1.fromDer(text(children(extension).at(-1))));
  const notAfter = until.type === asn1.Type.UTCTIME
    ? asn1.utcTimeToDate(text(until))
    : asn1.generalizedTimeToDate(text(until));
  return { subject, ski: bytesOf(ski), notAfter };
}

function extensions(fields: CertificateFields): Node[] {
  const isCa = fields.ca === true;
  const list = [
    extension(
      OID.basicConstraints,
      true,
      isCa ? sequence(boolean(true), integer(Uint8Array.of(0))) : sequence(),
    ),
    // Bits from the left: 0 digitalSignature, 5 keyCertSign, 6 cRLSign.
    extension(OID.keyUsage, true, isCa ? bits(0x06, 1) : bits(0x80, 7)),
    extension(OID.subjectKeyIdentifier, false, octets(fields.ski)),
    extension(
      OID.authorityKeyIdentifier,
      false,
      sequence(context(0, false, binary(fields.aki))),
    ),
  ];
  if (!isCa) list.push(extension(OID.extKeyUsage, false, sequence(oid(OID.serverAuth))));
  const names = fields.san ?? [];
  if (names.length > 0) {
    list.push(extension(OID.subjectAltName, false, sequence(...names.map(generalName))));
  }
  return list;
}

function extension(id: string, critical: boolean, value: Node): Node {
  const inner = octets(der(value));
  return critical ? sequence(oid(id), boolean(true), inner) : sequence(oid(id), inner);
}

function generalName(name: SubjectName): Node {
  return name.type === "dns"
    ? context(2, false, name.value)
    : context(7, false, binary(name.bytes));
}

function name(commonName: string): Node {
  const value = commonName.slice(0, COMMON_NAME_MAX);
  const attribute = sequence(
    oid(OID.commonName),
    utf8(value),
  );
  return sequence(set(attribute));
}

function algorithm(): Node {
  return sequence(oid(SHA256_WITH_ECDSA));
}

function ecdsaSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  if (raw.length !== 64) throw new TypeError("Cannot sign: a P-256 signature has 64 bytes");
  return der(sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32))));
}
