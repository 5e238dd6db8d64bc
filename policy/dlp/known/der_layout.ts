/** Tags of DER (X.690): what carries no secret by itself, and what may hold further values. */
const [INTEGER, BIT_STRING, OCTET_STRING, SEQUENCE] = [0x02, 0x03, 0x04, 0x30];
const PUBLIC_TAGS = new Set([0x01, BIT_STRING, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18]);
const CONSTRUCTED = 0x20;
/** Longer numbers may be part of a key. */
const MAX_PUBLIC_INTEGER = 4;
/** A key nests four deep; more is not one. */
const MAX_DEPTH = 8;

interface Value {
  readonly tag: number;
  /** Of its content. */
  readonly start: number;
  readonly end: number;
}

/**
 * Marks with 1 what of a private key in DER anybody may know: the framing, algorithms, the public
 * key. What cannot be read stays private.
 */
export function markPublicDer(bytes: Uint8Array): Uint8Array {
  const marks = new Uint8Array(bytes.length);
  walk(bytes, marks, { start: 0, end: bytes.length, depth: 0 });
  return marks;
}

function walk(
  bytes: Uint8Array,
  marks: Uint8Array,
  within: { readonly start: number; readonly end: number; readonly depth: number },
): void {
  const siblings: Value[] = [];
  for (let at = within.start; at < within.end;) {
    const value = readValue(bytes, at, within.end);
    if (value === undefined || within.depth > MAX_DEPTH) break;
    marks.fill(1, at, value.start);
    siblings.push(value);
    if (isPublic(value)) marks.fill(1, value.start, value.end);
    else if (nests(bytes, value)) walk(bytes, marks, { ...value, depth: within.depth + 1 });
    at = value.end;
  }
  const [, modulus, exponent] = siblings;
  // RFC 8017, A.1.2: version, modulus, public exponent and six secret numbers.
  if (siblings.length >= 9 && siblings.every(({ tag }) => tag === INTEGER)) {
    for (const value of [modulus, exponent]) marks.fill(1, value?.start, value?.end);
  }
}

function isPublic({ tag, start, end }: Value): boolean {
  return PUBLIC_TAGS.has(tag) || (tag === INTEGER && end - start <= MAX_PUBLIC_INTEGER);
}

function nests(bytes: Uint8Array, { tag, start, end }: Value): boolean {
  if ((tag & CONSTRUCTED) !== 0) return true;
  if (tag !== OCTET_STRING || (bytes[start] !== SEQUENCE && bytes[start] !== OCTET_STRING)) {
    return false;
  }
  return readValue(bytes, start, end)?.end === end;
}

function readValue(bytes: Uint8Array, at: number, limit: number): Value | undefined {
  const tag = bytes[at] ?? 0;
  let length = bytes[at + 1] ?? 0;
  let start = at + 2;
  if (length > 0x80) {
    const size = length - 0x80;
    length = 0;
    for (const byte of bytes.subarray(start, start + size)) length = length * 256 + byte;
    start += size;
  }
  const end = start + length;
  return end > limit ? undefined : { tag, start, end };
}
