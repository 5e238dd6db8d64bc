/** Which names are answered, and with what. */
export interface Zone {
  /** Lower case, without the trailing dot. */
  readonly names: readonly string[];
  /** IPv4 address of all of them, four bytes. */
  readonly address: Uint8Array;
}

/** The longest query that is looked at, in bytes: what UDP carries without EDNS (RFC 1035). */
export const DNS_QUERY_MAX = 512;

const HEADER = 12;
const TYPE_A = 1;
const TYPE_ANY = 255;
const CLASS_IN = 1;
const TTL_SECONDS = 60;
const RCODE = Object.freeze({ noError: 0, formatError: 1, nameError: 3, notImplemented: 4 });
/** QR and AA; RA as well, or stub resolvers take an empty answer for a lame server's. */
const FLAGS = 0x8480;
const OPCODE_AND_RD = 0x7900;

interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Offset just past it. */
  readonly end: number;
}

/**
 * Answers one DNS query (RFC 1035) from a zone, and only from it: A for its names, no data for
 * their other types, NXDOMAIN for every other name. Gives undefined for what deserves no answer:
 * fragments and responses. Never throws, whatever the bytes.
 */
export function answerQuery(query: Uint8Array, zone: Zone): Uint8Array | undefined {
  if (query.length < HEADER || query.length > DNS_QUERY_MAX) return undefined;
  const view = new DataView(query.buffer, query.byteOffset, query.byteLength);
  const flags = view.getUint16(2);
  if ((flags & 0x8000) !== 0) return undefined;
  if ((flags & 0x7800) !== 0) return reply(query, { flags, rcode: RCODE.notImplemented });
  const question = view.getUint16(4) === 1 ? readQuestion(query, view) : undefined;
  if (question === undefined) return reply(query, { flags, rcode: RCODE.formatError });
  const { type, end } = question;
  if (question.class !== CLASS_IN || !zone.names.includes(question.name)) {
    return reply(query, { flags, rcode: RCODE.nameError, end });
  }
  const hasAnswer = type === TYPE_A || type === TYPE_ANY;
  const answer = hasAnswer ? { address: zone.address } : {};
  return reply(query, { flags, rcode: RCODE.noError, end, ...answer });
}

/** Reads the only question; names in queries are never compressed. */
function readQuestion(query: Uint8Array, view: DataView): Question | undefined {
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    if (at + length > query.length || at + length - HEADER > 254) return undefined;
    labels.push(lowerAscii(query.subarray(at, at + length)));
    at += length;
  }
  if (at + 4 > query.length) return undefined;
  const [type, cls] = [view.getUint16(at), view.getUint16(at + 2)];
  return { name: labels.join("."), type, class: cls, end: at + 4 };
}

/** A dot or control inside a label becomes a character that no zone has. */
function lowerAscii(label: Uint8Array): string {
  return Array.from(label, (byte) => {
    if (byte <= 0x20 || byte >= 0x7f || byte === 0x2e) return "?";
    return String.fromCharCode(byte).toLowerCase();
  }).join("");
}

function reply(query: Uint8Array, options: {
  readonly flags: number;
  readonly rcode: number;
  /** Offset past the question, which is repeated; absent when it could not be read. */
  readonly end?: number;
  readonly address?: Uint8Array;
}): Uint8Array {
  const { flags, rcode, end = HEADER, address } = options;
  const answerSize = address === undefined ? 0 : 12 + address.length;
  const out = new Uint8Array(end + answerSize);
  const view = new DataView(out.buffer);
  out.set(query.subarray(0, end));
  view.setUint16(2, FLAGS | (flags & OPCODE_AND_RD) | rcode);
  view.setUint16(4, end > HEADER ? 1 : 0);
  view.setUint16(6, address === undefined ? 0 : 1);
  view.setUint32(8, 0);
  if (address === undefined) return out;
  // A pointer to the question's name, then type, class, time to live, length and the address.
  view.setUint16(end, 0xc000 | HEADER);
  view.setUint16(end + 2, TYPE_A);
  view.setUint16(end + 4, CLASS_IN);
  view.setUint32(end + 6, TTL_SECONDS);
  view.setUint16(end + 10, address.length);
  out.set(address, end + 12);
  return out;
}
