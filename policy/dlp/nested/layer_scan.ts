import type { OutboundDetector } from "../../egress/route.ts";
import type { Secret } from "../../secret.ts";
import { DETECTOR_FAILED } from "../coded.ts";
import { findRandomText } from "../entropy.ts";
import type { ByteRange } from "../finding.ts";
import type { KnownMatcher } from "../known/matcher.ts";
import type { Inflate } from "../scan.ts";
import type { TokenMatcher } from "../tokens/matcher.ts";
import type { ViewMatch } from "../view_match.ts";
import type { FoldTable } from "../views/fold_table.ts";
import type { Interests } from "../views/interest.ts";
import { scanBlobs } from "./blobs.ts";
import { scanCompressed } from "./inflation.ts";
import type { Hit, Layer } from "./layer.ts";
import type { Scratch } from "./scratch.ts";
import { Sextets } from "./sextets.ts";
import { nextText } from "./text_run.ts";
import { scanViews } from "./view_layers.ts";

const EMPTY: Uint8Array = new Uint8Array();

/** What is known of the text before the one that is looked at. */
export interface Carried {
  /** Its last letters and digits, as they stand. */
  readonly before: Uint8Array;
  /** The same of its views, by their kinds, where they differ. */
  readonly views: ReadonlyMap<number, Uint8Array>;
  /** Base64 digits that end it without a break. */
  readonly digits: number;
}

export const NOTHING_CARRIED: Carried = { before: EMPTY, views: new Map(), digits: 0 };

/** What every scan of a scanner shares. */
export interface ScanTools {
  readonly tokens: TokenMatcher;
  readonly known: KnownMatcher;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly inflate: Inflate;
  readonly table: FoldTable;
  readonly interests: Interests;
  readonly scratch: Scratch;
  /** Bytes that two windows of a body have in common. */
  readonly overlap: number;
}

/** Matches of one text that are looked at; where there are more, it cannot be judged. */
const MOST_MATCHES = 256;
/** Hits of one scan; what lies behind them is not looked at. */
const MOST_HITS = 1024;
/**
 * Bytes looked at for each byte of the text, all its views and layers together. Pages in languages
 * with accents, full of links and character references, need up to 18 of them, and 25 in base64: it
 * is better to be slow there than to stop honest work.
 */
const WORK_PER_BYTE = 32;
const WORK_AT_LEAST = 64 * 1024;
const WORK_PER_INFLATED = 8;
/** What a layer costs besides, in bytes: most are short, and each goes through every step. */
const PER_LAYER = 256;

/** Compressed streams that are tried: each costs time before a byte comes out. */
const MOST_STREAMS = 32;
/** Bytes that all of them hold: a few kilobytes must not keep the scan busy for seconds. */
const MOST_INFLATED_TOGETHER = 8 * 1024 * 1024;

/** Text shorter than any token and any piece of a secret is not looked at. */
const LEAST_TEXT = 8;
/** Shorter blobs hold nothing that a detector could find. */
const LEAST_BLOB = 16;

/** The scan of one text with all that is in it. Used once. */
export class LayerScan {
  readonly hits: Hit[] = [];
  readonly tools: ScanTools;
  /** Does more follow the text? */
  readonly isCutOff: boolean;
  /** Is what its compressed streams hold scanned besides? */
  readonly isDecodedBesides: boolean;
  readonly #detectors: readonly OutboundDetector[];
  readonly #length: number;
  #work: number;
  #isOver = false;
  #openAt: number | undefined;
  #streams = 0;
  #inflated = 0;

  constructor(
    tools: ScanTools,
    { detectors, length, isCutOff, isDecodedBesides = false }: {
      detectors: readonly OutboundDetector[];
      length: number;
      isCutOff: boolean;
      isDecodedBesides?: boolean | undefined;
    },
  ) {
    this.isCutOff = isCutOff;
    this.isDecodedBesides = isDecodedBesides;
    this.tools = tools;
    this.#detectors = detectors;
    this.#length = length;
    this.#work = WORK_AT_LEAST + WORK_PER_BYTE * length;
  }

  /** Where the first compressed stream begins that may go on behind the end of the text. */
  get openAt(): number | undefined {
    return this.#openAt;
  }

  /** Notes where a compressed stream stands that its text does not end; false when more cannot. */
  noteOpen(range: ByteRange | undefined): boolean {
    if (!range || range.end <= this.#length - 4) return false;
    this.#openAt = Math.min(this.#openAt ?? Infinity, range.start);
    return true;
  }

  /** Is there no point in looking further? */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Looks through a text and all that can be made of it.
   *
   * @param carried letters and digits that stood before it, for secrets in pieces
   */
  scan(text: Uint8Array, layer: Layer, carried: Carried = NOTHING_CARRIED): void {
    const { length } = text;
    if (
      length + carried.before.length < LEAST_TEXT ||
      !this.spend((length + PER_LAYER) * weightOf(layer))
    ) {
      return;
    }
    this.#match("known_secrets", text, layer, carried.before);
    if (length === 0 || this.#isOver) return;
    if (layer.decodings > 0 && layer.isBinary) scanCompressed(this, text, layer);
    if (!layer.isBinary) {
      this.#scanText(text, layer, carried);
      return;
    }
    for (let run = nextText(text, 0); run && !this.#isOver; run = nextText(text, run.end)) {
      const { start } = run;
      const inner = { ...layer, toRoot: shifted(layer, start) };
      this.#scanText(text.subarray(start, run.end), inner, start === 0 ? carried : NOTHING_CARRIED);
    }
  }

  #scanText(text: Uint8Array, layer: Layer, carried: Carried): void {
    this.#match("token_patterns", text, layer);
    this.#match("entropy", text, layer);
    if (layer.decodings === 0 || text.length < LEAST_BLOB) {
      if (layer.views > 0 && !this.#isOver) scanViews(this, text, layer, { carried });
      return;
    }
    const { scratch } = this.tools;
    const room = scratch.borrow(text.length + 1);
    const sextets = new Sextets(text, room);
    const { leads } = sextets;
    const mayChange = leads.length > 0 || carried.views.size > 0;
    if (layer.views > 0 && mayChange && !this.#isOver) {
      scanViews(this, text, layer, { carried, leads });
    }
    if (!this.#isOver) scanBlobs(this, text, layer, { sextets, digitsBefore: carried.digits });
    scratch.giveBack(room);
  }

  /** Takes work from what the text is worth; false, and a hit, when there is none left. */
  spend(bytes: number): boolean {
    if (this.#isOver) return false;
    this.#work -= bytes;
    if (this.#work < 0) this.giveUp("too much hides in it");
    return !this.#isOver;
  }

  /** Counts a compressed stream; false, and a hit unless that is free, when there were too many. */
  beginStream({ isFree = false } = {}): boolean {
    if (this.#isOver) return false;
    if (++this.#streams <= MOST_STREAMS) return true;
    if (!isFree) this.giveUp("too many compressed streams");
    return false;
  }

  /**
   * Lets what came out of a compressed stream be looked at, which is worth work of its own; false,
   * and a hit unless that is free, when so much has come out of all of them that it is enough.
   */
  grant(bytes: number, { isFree = false } = {}): boolean {
    this.#inflated += bytes;
    this.#work += WORK_PER_INFLATED * bytes;
    if (this.#inflated <= MOST_INFLATED_TOGETHER) return true;
    if (!isFree) this.giveUp("its compressed streams hold too much");
    return false;
  }

  /** The text cannot be judged. */
  giveUp(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.fail(this.#detectors[0] ?? "known_secrets", why);
  }

  fail(detector: OutboundDetector, why: string): void {
    const writtenAs: readonly string[] = [why];
    this.hits.push({ detector, kind: "unscannable", writtenAs, range: undefined, value: "" });
  }

  #match(
    detector: OutboundDetector,
    text: Uint8Array,
    layer: Layer,
    before: Uint8Array = EMPTY,
  ): void {
    if (!this.#detectors.includes(detector)) return;
    try {
      if (detector === "known_secrets") this.#matchKnown(text, layer, before);
      else {
        const found = detector === "entropy"
          ? findRandomText(text, MOST_MATCHES)
          : this.tools.tokens.find(text, MOST_MATCHES);
        this.#tell(found, { detector, text, layer, offset: 0 });
      }
    } catch {
      this.fail(detector, DETECTOR_FAILED);
    }
  }

  #matchKnown(text: Uint8Array, layer: Layer, before: Uint8Array): void {
    const { known, scratch } = this.tools;
    const detector = "known_secrets";
    if (before.length === 0) {
      this.#tell(known.find(text, MOST_MATCHES), { detector, text, layer, offset: 0 });
      return;
    }
    const length = before.length + text.length;
    const joined = scratch.borrow(length);
    joined.set(before);
    joined.set(text, before.length);
    const found = known.find(joined.subarray(0, length), MOST_MATCHES);
    scratch.giveBack(joined);
    this.#tell(found, { detector, text, layer, offset: before.length });
  }

  #tell(found: readonly ViewMatch[], at: Place): void {
    const { detector, text, layer, offset } = at;
    for (const match of found) {
      const start = Math.max(0, match.start - offset);
      const end = match.end - offset;
      if (end <= 0) continue;
      const known = detector === "known_secrets" ? this.tools.secrets.get(match.id) : undefined;
      this.hits.push({
        detector,
        kind: match.id,
        writtenAs: [...layer.chain, ...match.writtenAs],
        range: layer.toRoot(start, end),
        value: known?.reveal() ?? latin1(text.subarray(start, end)),
      });
    }
    if (found.length >= MOST_MATCHES || this.hits.length >= MOST_HITS) {
      this.giveUp("too many matches");
    }
  }
}

/** A view of a view is worth less than what it is made of. */
function weightOf({ views }: Layer): number {
  return views === 0 ? 2 : 1;
}

/** Where matches were found. */
interface Place {
  readonly detector: OutboundDetector;
  readonly text: Uint8Array;
  readonly layer: Layer;
  /** Bytes that stood before the text where the matcher looked. */
  readonly offset: number;
}

function shifted(layer: Layer, by: number): Layer["toRoot"] {
  return (start, end) => layer.toRoot(start + by, end + by);
}

/** A string with one character for each byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += 4096) {
    text += String.fromCharCode(...bytes.subarray(from, from + 4096));
  }
  return text;
}
