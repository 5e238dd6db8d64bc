/** Kinds of frames (RFC 6455, section 5.2). */
export const OPCODES = Object.freeze({
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
});

export type DataOpcode = 1 | 2;
export type ControlOpcode = 8 | 9 | 10;

/** The longest payload of a control frame, in bytes. */
export const CONTROL_BYTES = 125;
/** Payloads from here on have their length in two, and in eight bytes. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

const FINAL = 0x80;
const COMPRESSED = 0x40;
const MASKED = 0x80;

/** What a frame is written from. */
export interface FrameHead {
  readonly opcode: number;
  readonly isFinal: boolean;
  /** RSV1 of permessage-deflate: the message that this frame begins is compressed. */
  readonly isCompressed?: boolean;
}

/** One frame as bytes; masked with a new key when a client's is asked for. */
export function writeFrame(
  { opcode, isFinal, isCompressed = false }: FrameHead,
  payload: Uint8Array,
  options: { readonly isMasked: boolean },
): Uint8Array {
  const { length } = payload;
  const extended = length < LENGTH_16 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extended + (options.isMasked ? 4 : 0);
  const frame = new Uint8Array(start + length);
  const view = new DataView(frame.buffer);
  frame[0] = (isFinal ? FINAL : 0) | (isCompressed ? COMPRESSED : 0) | opcode;
  frame[1] = (options.isMasked ? MASKED : 0) |
    (extended === 0 ? length : extended === 2 ? LENGTH_16 : LENGTH_64);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  frame.set(payload, start);
  if (options.isMasked) {
    const key = frame.subarray(start - 4, start);
    crypto.getRandomValues(key);
    applyMask(frame.subarray(start), key, 0);
  }
  return frame;
}

/** Masks or unmasks in place; `offset` is how much of the payload came before. */
export function applyMask(payload: Uint8Array, key: Uint8Array, offset: number): void {
  const turned = Array.from({ length: 4 }, (_, index) => key[(offset + index) & 3] ?? 0);
  const [a = 0, b = 0, c = 0, d = 0] = turned;
  const { length } = payload;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    payload[at] = (payload[at] ?? 0) ^ a;
    payload[at + 1] = (payload[at + 1] ?? 0) ^ b;
    payload[at + 2] = (payload[at + 2] ?? 0) ^ c;
    payload[at + 3] = (payload[at + 3] ?? 0) ^ d;
  }
  for (let index = 0; at < length; at++, index++) {
    payload[at] = (payload[at] ?? 0) ^ (turned[index] ?? 0);
  }
}

/** The longest reason of a close frame, in bytes of UTF-8. */
const REASON_BYTES = CONTROL_BYTES - 2;

/** Payload of a close frame; the reason is plain ASCII and cut where it is too long. */
export function closePayload(code: number, reason: string): Uint8Array {
  const text = reason.replace(/[^\x20-\x7e]/g, "?").slice(0, REASON_BYTES);
  const payload = new Uint8Array(2 + text.length);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(new TextEncoder().encode(text), 2);
  return payload;
}

/**
 * What is wrong with the payload of a close frame that came; undefined when nothing is (RFC 6455,
 * section 7.4).
 */
export function closeFault(payload: Uint8Array): string | undefined {
  if (payload.length === 0) return undefined;
  if (payload.length === 1) return "a close frame has half a status code";
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  const isKnown = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  if (!isKnown && !(code >= 3000 && code <= 4999)) return "a close frame has no valid status code";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
  } catch {
    return "a close frame's reason is no UTF-8";
  }
  return undefined;
}
