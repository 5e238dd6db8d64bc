/** Frame types (RFC 9113, section 6). */
export const FRAME = Object.freeze({
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
});

/** Flags: `end` of the stream (and acknowledgement), `head` complete. */
export const FLAG = Object.freeze({ end: 1, head: 4 });

/** A header and its value, each character one byte. */
export type Field = readonly [name: string, value: string];

function integer(value: number, bits: number, first = 0): number[] {
  const limit = (1 << bits) - 1;
  if (value < limit) return [first | value];
  const bytes = [first | limit];
  let rest = value - limit;
  for (; rest > 127; rest >>= 7) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}

function text(value: string): number[] {
  const bytes = [...Buffer.from(value, "latin1")];
  return [...integer(bytes.length, 7), ...bytes];
}

/** A header block without compression: literals that are not indexed (RFC 7541, section 6.2.2). */
export function block(fields: readonly Field[]): Uint8Array {
  return Uint8Array.from(fields.flatMap(([name, value]) => [0, ...text(name), ...text(value)]));
}

/** One HTTP/2 frame (RFC 9113, section 4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
): Uint8Array {
  const { length } = payload;
  const whole = Buffer.alloc(9 + length);
  whole.writeUIntBE(length, 0, 3);
  whole.writeUInt8(type, 3);
  whole.writeUInt8(flags, 4);
  whole.writeUInt32BE(stream, 5);
  whole.set(payload, 9);
  return whole;
}

/** What a client says first. */
export const PREFACE: Uint8Array = Uint8Array.from([
  ...Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  ...frame(FRAME.settings, 0, 0),
]);

/** A frame that came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Cuts what came into frames; what is not whole yet is left out. */
export function framesIn(bytes: Uint8Array): Frame[] {
  const all = Buffer.from(bytes);
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= all.length;) {
    const end = at + 9 + all.readUIntBE(at, 3);
    if (end > all.length) break;
    const [type, flags] = [all.readUInt8(at + 3), all.readUInt8(at + 4)];
    frames.push({
      type,
      flags,
      stream: all.readUInt32BE(at + 5),
      payload: all.subarray(at + 9, end),
    });
    at = end;
  }
  return frames;
}
