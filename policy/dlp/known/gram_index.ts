/** Codes in a gram. */
export const GRAM = 5;

const EMPTY = 0;
/** Filter bits for each gram: one lookup in sixteen or fewer passes it by chance. */
const BITS_PER_GRAM = 16;
const MIN_FILTER_BITS = 12;
const MAX_FILTER_BITS = 23;

/** One number for the codes of a gram: their upper bits overlap, but are the same in each. */
export function gramAt(codes: Uint8Array, at: number): number {
  return (codes[at] as number) ^ ((codes[at + 1] as number) << 6) ^
    ((codes[at + 2] as number) << 12) ^ ((codes[at + 3] as number) << 18) ^
    ((codes[at + 4] as number) << 24);
}

/** Spreads a gram over 32 bits. */
export function spread(gram: number): number {
  const mixed = Math.imul(gram ^ (gram >>> 15), 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 13), 0x85ebca6b);
}

/** Where in some codes each gram stands: a bit filter in front of a table of chains. */
export class GramIndex {
  /** One bit for each value of the upper {@linkcode filterShift} bits of a spread gram. */
  readonly filter: Uint32Array;
  readonly filterShift: number;
  readonly #keys: Int32Array;
  readonly #heads: Int32Array;
  readonly #mask: number;
  /** Places of grams; a chain's next entry has the same gram. */
  readonly places: Uint32Array;
  readonly next: Int32Array;

  /**
   * @param codes what the places refer to
   * @param places where grams begin
   * @param isSame whether a second place is of no use, given an earlier one of the same gram
   */
  constructor(
    codes: Uint8Array,
    places: Uint32Array,
    isSame: (earlier: number, place: number) => boolean,
  ) {
    const wanted = Math.ceil(Math.log2(Math.max(1, places.length) * BITS_PER_GRAM));
    const filterBits = Math.min(MAX_FILTER_BITS, Math.max(MIN_FILTER_BITS, wanted));
    this.filter = new Uint32Array(2 ** (filterBits - 5));
    this.filterShift = 32 - filterBits;
    const slots = 2 ** Math.ceil(Math.log2(2 * places.length + 2));
    this.#mask = slots - 1;
    this.#keys = new Int32Array(slots);
    this.#heads = new Int32Array(slots).fill(-1);
    this.places = new Uint32Array(places.length);
    this.next = new Int32Array(places.length);
    this.#fill(codes, places, isSame);
  }

  #fill(
    codes: Uint8Array,
    places: Uint32Array,
    isSame: (earlier: number, place: number) => boolean,
  ): void {
    let count = 0;
    // From the last on, so that a chain begins with the place behind which most is left to match.
    for (let n = places.length - 1; n >= 0; n--) {
      const place = places[n] as number;
      const gram = gramAt(codes, place);
      const slot = this.#slot(gram);
      const head = this.#heads[slot] as number;
      let entry = head;
      while (entry >= 0 && !isSame(this.places[entry] as number, place)) {
        entry = this.next[entry] as number;
      }
      if (entry >= 0) continue;
      const hash = spread(gram) >>> this.filterShift;
      this.filter[hash >>> 5] = (this.filter[hash >>> 5] as number) | (1 << (hash & 31));
      this.#keys[slot] = gram;
      this.places[count] = place;
      this.next[count] = head;
      this.#heads[slot] = count++;
    }
  }

  /** The first entry of a gram's chain, -1 when it has none. */
  first(gram: number): number {
    return this.#heads[this.#slot(gram)] as number;
  }

  #slot(gram: number): number {
    let slot = (spread(gram) >>> 2) & this.#mask;
    while (this.#keys[slot] !== EMPTY && this.#keys[slot] !== gram) slot = (slot + 1) & this.#mask;
    return slot;
  }
}
