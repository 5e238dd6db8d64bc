const decoder = new TextDecoder("latin1");
const CR = 13;
const LF = 10;
/** How a chunked body ends; the benchmark's own bodies have these bytes nowhere else. */
const LAST_CHUNK = Uint8Array.from([48, CR, LF, CR, LF]);

/** Where the body begins, or a negative number while the head is not complete. */
export function headerEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at + 4;
  }
  return -1;
}

/** The first line of a head. */
export function firstLine(head: Uint8Array): string {
  return decoder.decode(head.subarray(0, head.indexOf(CR)));
}

/** Finds where one message's body ends, as lean as a benchmark's own side has to be. */
export class BodyReader {
  /** Bytes of body seen, chunk headers included. */
  bytes = 0;
  readonly #length: number | undefined;
  readonly #tail = new Uint8Array(LAST_CHUNK.length);

  /** @param head The message's head up to and with its empty line. */
  constructor(head: Uint8Array) {
    const text = decoder.decode(head);
    const length = /^content-length: *([0-9]+)/im.exec(text)?.[1];
    this.#length = /^transfer-encoding: *chunked/im.test(text) ? undefined : Number(length ?? 0);
  }

  /** Whether the body's length was announced. */
  get hasLength(): boolean {
    return this.#length !== undefined;
  }

  /** Takes what came next, which may be nothing; gives whether the body is complete. */
  take(chunk: Uint8Array): boolean {
    this.bytes += chunk.length;
    if (this.#length !== undefined) return this.bytes >= this.#length;
    const fresh = chunk.subarray(-this.#tail.length);
    this.#tail.copyWithin(0, fresh.length);
    this.#tail.set(fresh, this.#tail.length - fresh.length);
    return LAST_CHUNK.every((byte, index) => this.#tail[index] === byte);
  }
}
