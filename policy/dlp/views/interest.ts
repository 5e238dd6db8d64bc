import { ALPHANUMERIC, HEX, TELLING } from "./characters.ts";
import { ESCAPE_LEAD, type EscapeReader, ESCAPES, readEscape } from "./escape.ts";
import { codePointAt, sequenceWidth } from "./fold.ts";
import { DROPPED, EXPANSION, type FoldTable, FOREIGN } from "./fold_table.ts";

/** Beside the kinds of escapes, as a bit of the same set: characters that fold to others. */
export const FOLDS = 16;

/** Every kind of a view. */
export const ALL_KINDS: number = ESCAPES.percent | ESCAPES.backslash | ESCAPES.entity |
  ESCAPES.quotedPrintable | FOLDS;

/** The stretches of a text for one set of kinds: start and end in turns, apart and in order. */
export interface Stretches {
  readonly kinds: number;
  readonly bounds: readonly number[];
}

/** How far from a character that a view changes a secret may reach that contains it. */
export interface Reach {
  /** At least so many bytes to each side... */
  readonly bytes: number;
  /** ...so many letters and digits... */
  readonly alphanumerics: number;
  /** ...and, as long as nothing breaks it, so many telling characters. */
  readonly unbroken: number;
}

const BACKSLASH = 0x5c;

/** What a backslash before it makes no telling character of: most escapes of program texts. */
const DULL_BEHIND_BACKSLASH: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) =>
    /[nrtbfv"'`a-z A-Z89]/.test(String.fromCharCode(byte)) && byte < 0x80 &&
      !/[uxU]/.test(String.fromCharCode(byte))
      ? 1
      : 0,
);

/** Kinds that a byte may begin. */
const LEAD: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte === 0 || byte >= 0xc0 ? FOLDS : ESCAPE_LEAD[byte] ?? 0,
);

/** May a byte begin what a view changes? */
export function isLead(byte: number): boolean {
  return LEAD[byte] !== 0;
}

/** Letters that the name of a character begins with, as NAMED in escape.ts has them. */
const NAME: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => +/[#aslUpcehdnbZNz]/.test(String.fromCharCode(byte)),
);

/** Does more than a byte's kind say that a view may begin to differ here? */
export function isLeadAt(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1] ?? 0;
  switch (bytes[at]) {
    case 0:
      return isTelling(bytes, at - 1) && isTelling(bytes, at + 1);
    case 0x5c:
      return DULL_BEHIND_BACKSLASH[next] !== 1;
    case 0x25:
      return (HEX[next] as number) <= 15 || next === 0x75;
    case 0x26:
      return NAME[next] === 1;
    case 0x3d:
      return (HEX[next] as number) <= 15 || next === 0x0a || next === 0x0d;
    default:
      return true;
  }
}

/**
 * Where a text reads differently once escapes are undone or characters folded: stretches that hold
 * whatever secret contains a changed character, for each kind of its own and, where there are more,
 * for all kinds of escapes together. One pass; nothing at all for plain text.
 */
export class Interests {
  readonly #table: FoldTable;
  readonly #reach: Reach;
  /** By kind: where a place may be told of again. */
  readonly #quiet = new Int32Array(FOLDS + 1);
  readonly #escape: EscapeReader = { width: 0, value: 0, isByte: false };

  constructor(table: FoldTable, reach: Reach) {
    this.#table = table;
    this.#reach = reach;
  }

  /**
   * @param kinds the kinds to look for, as a set of bits
   * @param leads the places of which {@linkcode isLeadAt} is true, in order, if they are known
   */
  find(bytes: Uint8Array, kinds: number, leads = leadsOf(bytes)): readonly Stretches[] {
    let found: Map<number, Collector> | undefined;
    let seen = 0;
    let behind = 0;
    this.#quiet.fill(0);
    for (const lead of leads) {
      const kind = (LEAD[bytes[lead] as number] as number) & kinds;
      if (kind === 0 || lead < behind || lead < (this.#quiet[kind] as number)) continue;
      let at = lead;
      if (kind === ESCAPES.backslash) {
        while (bytes[at + 1] === BACKSLASH) at++;
        behind = at + 1;
      }
      const changes = kind === FOLDS ? this.#folds(bytes, at) : this.#escapes(bytes, at, kind);
      if (!changes) continue;
      found ??= new Map();
      seen |= kind;
      this.#quiet[kind] = at + QUIET;
      collectorOf(found, kind, bytes, this.#reach).add(at);
      if (kind !== FOLDS) collectorOf(found, ESCAPES_TOGETHER, bytes, this.#reach).add(at);
    }
    return found ? finish(found, seen) : [];
  }

  #folds(bytes: Uint8Array, at: number): boolean {
    if (bytes[at] === 0) return true;
    const width = sequenceWidth(bytes, at);
    if (width === 0) return false;
    const folded = this.#table.of(codePointAt(bytes, at, width));
    if (folded === FOREIGN) return false;
    if (folded === DROPPED) return TELLING[bytes[at - 1] ?? 0] === 1;
    const text = folded >= EXPANSION ? this.#table.expansion(folded) : undefined;
    if (text ? text.some(isAlphanumeric) : isAlphanumeric(folded)) return true;
    return (text !== undefined || TELLING[folded] === 1) && isJoint(bytes, at, width);
  }

  #escapes(bytes: Uint8Array, at: number, kind: number): boolean {
    const escape = this.#escape;
    if (!readEscape(bytes, at, { kinds: kind, into: escape })) return false;
    const { value, width } = escape;
    const joins = value < 0 || (kind === ESCAPES.backslash && !isDigitOrLetterAt(bytes, at, width));
    if (joins) {
      return value !== 0x5c && (value < 0 || TELLING[value] === 1) &&
        ALPHANUMERIC[bytes[at - 1] ?? 0] === 1 && ALPHANUMERIC[bytes[at + width] ?? 0] === 1;
    }
    if (value === 0) return true;
    if (value < 0x80) {
      return TELLING[value] === 1 &&
        (kind !== ESCAPES.quotedPrintable || isAmidTelling(bytes, at, width));
    }
    if (escape.isByte) return value >= 0xc0 && bytes[at + width] === bytes[at];
    const folded = value < 0x110000 ? this.#table.of(value) : FOREIGN;
    return folded === DROPPED || folded >= EXPANSION || TELLING[folded] === 1;
  }
}

function leadsOf(bytes: Uint8Array): readonly number[] {
  const leads: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (LEAD[bytes[at] as number] !== 0 && isLeadAt(bytes, at)) leads.push(at);
  }
  return leads;
}

function isAlphanumeric(byte: number): boolean {
  return ALPHANUMERIC[byte] === 1;
}

/** Does a sign stand between two characters of one token? Only there it says anything. */
function isJoint(bytes: Uint8Array, at: number, width: number): boolean {
  const before = bytes[at - 1] ?? 0;
  const after = bytes[at + width] ?? 0;
  return (before >= 0x80 || TELLING[before] === 1) && (after >= 0x80 || TELLING[after] === 1);
}

/** What lies beyond the text may be. */
function isTelling(bytes: Uint8Array, at: number): boolean {
  return at < 0 || at >= bytes.length || TELLING[bytes[at] as number] === 1;
}

/** Behind a place so many bytes are not looked at, but reached all the same. */
const QUIET = 128;

const ESCAPES_TOGETHER = ALL_KINDS & ~FOLDS;

/** Does the escape at `at` end in a letter or digit, as those with a number do? */
function isDigitOrLetterAt(bytes: Uint8Array, at: number, width: number): boolean {
  const last = bytes[at + width - 1] ?? 0;
  return width > 2 && (ALPHANUMERIC[last] === 1 || last === 0x7d);
}

/** Characters around an equals sign that must be telling for it to be more than an assignment. */
const LEAST_TELLING = 12;

/** An equals sign before two digits is common; an escape stands within what is long. */
function isAmidTelling(bytes: Uint8Array, at: number, width: number): boolean {
  let count = width;
  for (let left = at - 1; count < LEAST_TELLING && TELLING[bytes[left] ?? 0] === 1; left--) count++;
  for (let right = at + width; count < LEAST_TELLING; right++) {
    if (TELLING[bytes[right] ?? 0] !== 1) break;
    count++;
  }
  return count >= LEAST_TELLING;
}

function collectorOf(
  found: Map<number, Collector>,
  kinds: number,
  bytes: Uint8Array,
  reach: Reach,
): Collector {
  let collector = found.get(kinds);
  if (!collector) found.set(kinds, collector = new Collector(bytes, reach));
  return collector;
}

/** Together only where there is more than one kind of escapes: else it is that kind's own. */
function finish(found: ReadonlyMap<number, Collector>, seen: number): readonly Stretches[] {
  const escapes = seen & ~FOLDS;
  const isMixed = (escapes & (escapes - 1)) !== 0;
  return [...found]
    .filter(([kinds]) => kinds !== ESCAPES_TOGETHER || isMixed)
    .map(([kinds, collector]) => ({ kinds, bounds: collector.bounds() }));
}

/** Joins the surroundings of places that come in order. */
class Collector {
  readonly #bytes: Uint8Array;
  readonly #reach: Reach;
  readonly #bounds: number[] = [];
  #last = -1;

  constructor(bytes: Uint8Array, reach: Reach) {
    this.#bytes = bytes;
    this.#reach = reach;
  }

  add(at: number): void {
    if (this.#last < 0) this.#bounds.push(this.#leftOf(at, 0));
    else if (at - this.#last > 2 * this.#reach.bytes + QUIET) {
      const end = this.#rightOf(this.#last, at);
      const start = this.#leftOf(at, end);
      if (start > end) this.#bounds.push(end, start);
    }
    this.#last = at;
  }

  bounds(): readonly number[] {
    return [...this.#bounds, this.#rightOf(this.#last, this.#bytes.length)];
  }

  #leftOf(at: number, least: number): number {
    const { bytes, alphanumerics, unbroken } = this.#reach;
    let seen = 0;
    let left = at;
    let isUnbroken = true;
    while (left > least) {
      const byte = this.#bytes[left - 1] as number;
      isUnbroken &&= TELLING[byte] === 1 && at - left < unbroken;
      if (!isUnbroken && at - left >= bytes && seen >= alphanumerics) break;
      seen += ALPHANUMERIC[byte] as number;
      left--;
    }
    return left;
  }

  #rightOf(at: number, end: number): number {
    const { bytes, alphanumerics, unbroken } = this.#reach;
    let seen = 0;
    let right = at + 1;
    let isUnbroken = true;
    while (right < end) {
      const byte = this.#bytes[right] as number;
      isUnbroken &&= TELLING[byte] === 1 && right - at < unbroken + QUIET;
      if (!isUnbroken && right - at > bytes + QUIET && seen >= alphanumerics + QUIET) break;
      seen += ALPHANUMERIC[byte] as number;
      right++;
    }
    return right;
  }
}
