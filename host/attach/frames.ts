/** The newest (and only) version of the attach protocol. */
export const ATTACH_VERSION = 1;

/** The most bytes that one frame carries. */
export const MAX_PAYLOAD = 64 * 1024;

const HEADER_BYTES = 5;

/** What a frame means; its first byte. */
export const FrameType = Object.freeze({
  /** First frame each way: version (1 byte), then flags (1 byte; 1: the agent has a terminal). */
  hello: 1,
  /** Output of the agent, or input for it. */
  data: 2,
  /** Error output of the agent, when it has no terminal. */
  errorData: 3,
  /** Size of the client's terminal: columns and rows, 2 bytes each. */
  resize: 4,
  /** The agent ended: its exit code, 4 bytes. */
  exit: 5,
});
export type FrameType = typeof FrameType[keyof typeof FrameType];

export interface Frame {
  readonly type: FrameType;
  readonly payload: Uint8Array;
}

/** Someone on the other end of the socket does not speak this protocol. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

const TYPES: ReadonlySet<number> = new Set(Object.values(FrameType));

/** A frame as bytes: type, length of the payload (4 bytes, big-endian), payload. */
export function encodeFrame(type: FrameType, payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_PAYLOAD) throw new FrameError("the payload is too long for a frame");
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(1, payload.length);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Output or input of any length as frames. */
export function encodeData(type: FrameType, data: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let start = 0; start < data.length; start += MAX_PAYLOAD) {
    frames.push(encodeFrame(type, data.subarray(start, start + MAX_PAYLOAD)));
  }
  return frames;
}

/** Unsigned numbers of 2 bytes each, big-endian. */
export function encodeNumbers(...numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 2));
  numbers.forEach((number, index) => view.setUint16(index * 2, number));
  return new Uint8Array(view.buffer);
}

/** The inverse of {@linkcode encodeNumbers}. Throws FrameError when there are not exactly so many. */
export function decodeNumbers(payload: Uint8Array, count: number): number[] {
  if (payload.length !== count * 2) throw new FrameError("a frame has a wrong length");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return Array.from({ length: count }, (_, index) => view.getUint16(index * 2));
}

/**
 * Cuts a stream of bytes into frames. Holds at most one frame's bytes. Throws FrameError on an
 * unknown type or a length over {@linkcode MAX_PAYLOAD}.
 */
export async function* decodeFrames(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Frame, void, unknown> {
  let held: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : concatenate(held, chunk);
    for (;;) {
      const frame = firstFrame(held);
      if (!frame) break;
      held = held.subarray(HEADER_BYTES + frame.payload.length);
      yield frame;
    }
  }
}

function firstFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const type = bytes[0] ?? 0;
  if (!isFrameType(type)) throw new FrameError("a frame has an unknown type");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (length > MAX_PAYLOAD) throw new FrameError("a frame is too long");
  if (bytes.length < HEADER_BYTES + length) return undefined;
  return { type, payload: bytes.slice(HEADER_BYTES, HEADER_BYTES + length) };
}

function isFrameType(type: number): type is FrameType {
  return TYPES.has(type);
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
