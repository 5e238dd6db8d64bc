import type { ByteRange } from "./finding.ts";

interface Piece {
  readonly bytes: Uint8Array;
  /** Offset in the body of what it stands for, and behind that. */
  readonly start: number;
  readonly end: number;
}

/** The bytes of a body that have not been released, as they came. */
export class HeldBytes {
  #pieces: Piece[] = [];
  #end = 0;

  /** Offset in the body of the first byte that is held. */
  get start(): number {
    return this.#pieces[0]?.start ?? this.#end;
  }

  add(bytes: Uint8Array): void {
    const start = this.#end;
    this.#end += bytes.length;
    if (bytes.length > 0) this.#pieces.push({ bytes, start, end: this.#end });
  }

  /** Takes out what stands before an offset; nothing is copied. */
  takeUntil(offset: number): Uint8Array[] {
    const [before, rest] = this.#divide(offset);
    this.#pieces = rest;
    return before.map(({ bytes }) => bytes).filter((bytes) => bytes.length > 0);
  }

  /** Puts other bytes where a part of what is held stands. */
  replace(range: ByteRange, bytes: Uint8Array): void {
    const [before, rest] = this.#divide(Math.max(range.start, this.start));
    this.#pieces = rest;
    const [, after] = this.#divide(range.end);
    const start = before.at(-1)?.end ?? rest[0]?.start ?? range.start;
    const end = after[0]?.start ?? this.#end;
    this.#pieces = [...before, { bytes, start, end }, ...after];
  }

  /** A piece that was replaced stands as a whole behind an offset within it. */
  #divide(offset: number): [Piece[], Piece[]] {
    const at = this.#pieces.findIndex(({ end }) => end > offset);
    if (at < 0) return [this.#pieces, []];
    const before = this.#pieces.slice(0, at);
    const rest = this.#pieces.slice(at);
    const first = rest[0];
    if (first && first.start < offset && first.bytes.length === first.end - first.start) {
      const cut = offset - first.start;
      before.push({ bytes: first.bytes.subarray(0, cut), start: first.start, end: offset });
      rest[0] = { bytes: first.bytes.subarray(cut), start: offset, end: first.end };
    }
    return [before, rest];
  }
}
