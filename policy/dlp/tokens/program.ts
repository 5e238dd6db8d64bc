import type { Sequence, Step } from "./regex.ts";

/** A step with its place in {@linkcode Runs}. */
interface NumberedStep extends Step {
  readonly number: number;
}

/** A sequence around its keyword: what to check in front of a place where that stands, and behind. */
export interface Program {
  readonly keyword: Uint8Array;
  /** Bytes that may stand right in front of the keyword, and right behind it. */
  readonly front: Uint8Array;
  readonly back: Uint8Array;
  /** What stands in front of the keyword, nearest first: a part of the match. */
  readonly before: readonly NumberedStep[];
  /** What must stand in front of all that, nearest first, without being a part of the match. */
  readonly context: readonly NumberedStep[];
  /** Where the keyword is itself in front of the match: what is between them. */
  readonly between?: readonly NumberedStep[];
  /** The rest of the match. */
  readonly after: readonly NumberedStep[];
  /** Most bytes that a match and its context take. */
  readonly maxLength: number;
}

const MIN_KEYWORD = 2;

/**
 * Splits a sequence at its longest literal, or at that of its context where it has none itself.
 * `numbers` numbers the steps of all programs of one matcher.
 *
 * @throws SyntaxError when neither has one of at least two bytes
 */
export function toProgram(sequence: Sequence, numbers: Map<Step, number>): Program {
  const numbered = (step: Step): NumberedStep => {
    const number = numbers.get(step) ?? numbers.size;
    numbers.set(step, number);
    return { ...step, number };
  };
  const context = sequence.context.map(numbered);
  const steps = sequence.steps.map(numbered);
  const maxLength = [...context, ...steps].reduce((sum, { max }) => sum + max, 0);
  const own = longestLiteral(steps);
  if (own.end - own.start >= MIN_KEYWORD) {
    const before = steps.slice(0, own.start).reverse();
    const far = context.reverse();
    const after = steps.slice(own.end);
    const gates = { front: gate([...before, ...far]), back: gate(after) };
    return { keyword: literal(steps, own), before, context: far, after, maxLength, ...gates };
  }
  const label = longestLiteral(context);
  if (label.end - label.start < MIN_KEYWORD) {
    throw new SyntaxError("Cannot use a pattern: it has no keyword");
  }
  const keyword = literal(context, label);
  const far = context.slice(0, label.start).reverse();
  const between = context.slice(label.end);
  const gates = { front: gate(far), back: gate([...between, ...steps]) };
  return { keyword, before: [], context: far, between, after: steps, maxLength, ...gates };
}

/** Bytes that the first of some steps takes; all where it may take none. */
function gate([first]: readonly Step[]): Uint8Array {
  return first && first.min > 0 ? first.set : ANY;
}

const ANY = new Uint8Array(256).fill(1);

function literal(steps: readonly Step[], { start, end }: Span): Uint8Array {
  return Uint8Array.from(steps.slice(start, end), ({ set }) => set.indexOf(1));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function longestLiteral(steps: readonly Step[]): Span {
  let best: Span = { start: 0, end: 0 };
  let start = 0;
  for (const [index, step] of steps.entries()) {
    if (!isLiteral(step)) start = index + 1;
    else if (index + 1 - start > best.end - best.start) best = { start, end: index + 1 };
  }
  return best;
}

function isLiteral({ set, min, max }: Step): boolean {
  return min === 1 && max === 1 && set.indexOf(1) === set.lastIndexOf(1);
}

/**
 * The last run of each step within one text, as start and end at twice the step's number: a later
 * walk through the same run jumps over what is known, so that keywords repeated in a long run cost
 * no more than the run itself.
 */
export type Runs = Int32Array;

/** Steps of at most so many bytes are not worth remembering. */
const SHORT = 16;

/** Where the steps that follow each other from `at` on end, or -1 where they do not match. */
export function walkForward(
  steps: readonly NumberedStep[],
  bytes: Uint8Array,
  at: number,
  runs: Runs,
): number {
  let place = at;
  for (const { set, min, max, number } of steps) {
    const most = Math.min(bytes.length, place + max);
    let end = place;
    if (max > SHORT) {
      const knownEnd = runs[2 * number + 1] as number;
      if (place < knownEnd && place >= (runs[2 * number] as number)) end = Math.min(knownEnd, most);
    }
    while (end < most && set[bytes[end] as number] === 1) end++;
    if (max > SHORT) remember(runs, number, place, end);
    if (end - place < min) return -1;
    place = end;
  }
  return place;
}

/** As {@linkcode walkForward}, towards the beginning: gives the first byte that belongs to it. */
export function walkBackward(
  steps: readonly NumberedStep[],
  bytes: Uint8Array,
  at: number,
  runs: Runs,
): number {
  let place = at;
  for (const { set, min, max, number } of steps) {
    const most = Math.max(0, place - max);
    let start = place;
    if (max > SHORT) {
      const knownStart = runs[2 * number] as number;
      if (place > knownStart && place <= (runs[2 * number + 1] as number)) {
        start = Math.max(knownStart, most);
      }
    }
    while (start > most && set[bytes[start - 1] as number] === 1) start--;
    if (max > SHORT) remember(runs, number, start, place);
    if (place - start < min) return -1;
    place = start;
  }
  return place;
}

function remember(runs: Runs, number: number, start: number, end: number): void {
  const at = 2 * number;
  const knownStart = runs[at] as number;
  const knownEnd = runs[at + 1] as number;
  const joins = start <= knownEnd && knownStart <= end;
  runs[at] = joins ? Math.min(start, knownStart) : start;
  runs[at + 1] = joins ? Math.max(end, knownEnd) : end;
}
