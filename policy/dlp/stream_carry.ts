import { digitsBefore, nextRun, SEXTET } from "./nested/base64.ts";
import type { Carried, ScanTools } from "./nested/layer_scan.ts";
import { roomOf, view } from "./nested/view_layers.ts";
import { ALPHANUMERIC } from "./views/characters.ts";
import { ALL_KINDS } from "./views/interest.ts";

/** Letters and digits that an escape has at most for one of what it stands for. */
const PER_ESCAPE = 12;
const BACKSLASH = 0x5c;
const EMPTY = new Uint8Array();

/** What is to be known of a body before the place where the next window begins. */
export function carriedPast(
  window: Uint8Array,
  cut: number,
  { tools, carried }: { tools: ScanTools; carried: Carried },
): Carried {
  const { carry } = tools.known;
  return {
    before: tail(carried.before, window.subarray(0, cut), carry),
    views: carriedViews(window, cut, { tools, carried }),
    digits: digitsUpTo(window, cut, carried.digits),
  };
}

/** The last letters and digits of two texts, with the backslashes right before them. */
export function tail(before: Uint8Array, text: Uint8Array, count: number): Uint8Array {
  const kept: number[] = [];
  let left = count;
  for (const part of [text, before]) {
    for (let at = part.length - 1; at >= 0 && left > 0; at--) {
      const byte = part[at] as number;
      const isKept = ALPHANUMERIC[byte] === 1;
      if (isKept || (byte === BACKSLASH && kept.at(-1) !== BACKSLASH && kept.length > 0)) {
        kept.push(byte);
      }
      if (isKept) left--;
    }
  }
  return Uint8Array.from(kept.reverse());
}

function carriedViews(
  window: Uint8Array,
  cut: number,
  { tools, carried }: { tools: ScanTools; carried: Carried },
): ReadonlyMap<number, Uint8Array> {
  const start = startOfTail(window, cut, tools.known.carry * PER_ESCAPE);
  const text = window.subarray(start, cut);
  const kinds = new Set(tools.interests.find(text, ALL_KINDS).map((one) => one.kinds));
  if (start === 0) { for (const kind of carried.views.keys()) kinds.add(kind); }
  const views = new Map<number, Uint8Array>();
  for (const kind of kinds) {
    const part = { start: 0, end: text.length, at: 0 };
    const out = tools.scratch.borrow(roomOf([0, text.length], kind));
    const length = view(text, { kinds: kind, table: tools.table, out, ...part });
    const before = start > 0 ? EMPTY : carried.views.get(kind) ?? carried.before;
    views.set(kind, tail(before, out.subarray(0, length), tools.known.carry));
    tools.scratch.giveBack(out);
  }
  return views;
}

function startOfTail(window: Uint8Array, cut: number, count: number): number {
  let left = count;
  let start = cut;
  while (start > 0 && left > 0) left -= ALPHANUMERIC[window[--start] as number] as number;
  return start;
}

/** Digits of the base64 run that the cut divides, before the cut. */
function digitsUpTo(window: Uint8Array, cut: number, before: number): number {
  let start = cut;
  while (start > 0 && mayBeOfRun(window[start - 1] as number)) start--;
  let run = nextRun(window, start);
  while (run && run.end <= cut) run = nextRun(window, run.end);
  if (!run || run.start >= cut) return 0;
  return digitsBefore(window, run, cut) + (run.start === 0 ? before : 0);
}

function mayBeOfRun(byte: number): boolean {
  return SEXTET[byte] !== 64 || byte === BACKSLASH || byte === 0x20 || byte === 0x0a ||
    byte === 0x0d || byte === 0x09;
}
