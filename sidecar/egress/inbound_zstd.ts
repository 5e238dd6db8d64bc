const MAGIC = 0xfd2fb528;
/** Frames that hold no content (RFC 8878, section 3.1.2): sixteen magic numbers. */
const SKIPPABLE = 0x184d2a50;
/** Bytes of the dictionary's id and of the content's size, by their two flag bits. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SIZE_BYTES = [0, 2, 4, 8];
/** A block that repeats one byte. */
const RUN_LENGTH = 1;

/** What the bytes that are gathered next mean. */
type Part = "magic" | "skippable-size" | "descriptor" | "block";

/**
 * Follows the frames of a zstd body. In Deno 2.9.6 the decoder takes a body that breaks off for a
 * whole one, and drops what follows a frame in the same chunk. Reads structure alone (RFC 8878,
 * section 3.1); what is inside of the blocks is the decoder's.
 */
export class ZstdFrames {
  #part: Part = "magic";
  #wanted = 4;
  #gathered: number[] = [];
  #skip = 0;
  #hasChecksum = false;
  #open = 0;

  /** Bytes at the end that belong to a block of which more is to come: nothing of it is decoded. */
  get openBytes(): number {
    return this.#open;
  }

  /** Does the body end at the end of a frame? */
  get isWhole(): boolean {
    return this.#part === "magic" && this.#gathered.length === 0 && this.#skip === 0;
  }

  /**
   * Cuts a chunk where frames end.
   * @throws {Error} when the bytes are no zstd frames.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at);
        this.#skip -= step;
        at += step;
        this.#open += step;
      } else {
        this.#open++;
        this.#gathered.push(chunk[at++] ?? 0);
        if (this.#gathered.length === this.#wanted) this.#read(this.#gathered);
      }
      if (this.#skip === 0 && this.#gathered.length === 0) this.#open = 0;
      if (!this.isWhole) continue;
      pieces.push(chunk.subarray(start, at));
      start = at;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
    return pieces;
  }

  #read(bytes: readonly number[]): void {
    const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    if (this.#part === "magic") {
      if (value === MAGIC) return this.#expect("descriptor", 1);
      const isSkippable = value >= SKIPPABLE && value < SKIPPABLE + 16;
      if (!isSkippable) throw new Error("what came is no zstd frame");
      return this.#expect("skippable-size", 4);
    }
    if (this.#part === "skippable-size") return this.#expect("magic", 4, value);
    if (this.#part === "descriptor") return this.#readDescriptor(value);
    const size = (value >> 1 & 3) === RUN_LENGTH ? 1 : value >> 3;
    const isLast = (value & 1) === 1;
    if (!isLast) return this.#expect("block", 3, size);
    this.#expect("magic", 4, size + (this.#hasChecksum ? 4 : 0));
  }

  #readDescriptor(value: number): void {
    this.#hasChecksum = (value & 4) !== 0;
    const isSingle = (value & 32) !== 0;
    const sizeFlag = value >> 6;
    const sizeBytes = sizeFlag === 0 && isSingle ? 1 : SIZE_BYTES[sizeFlag] ?? 0;
    const dictionaryBytes = DICTIONARY_BYTES[value & 3] ?? 0;
    this.#expect("block", 3, (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes);
  }

  /** Skips so many bytes, then gathers `wanted` ones for the part. */
  #expect(part: Part, wanted: number, skip = 0): void {
    this.#part = part;
    this.#wanted = wanted;
    this.#skip = skip;
    this.#gathered = [];
  }
}
