/** One result of a benchmark; both sides were measured in the same run. */
export interface Row {
  readonly bench: string;
  readonly metric: string;
  /** Median of ours and of the peer, in `unit`. */
  readonly ours: number;
  readonly peer: number;
  /** The ratio that `aim` speaks of. */
  readonly value: number;
  readonly unit: string;
  /** In words, e.g. `<= 1.3 times`; `none` where the row only informs. */
  readonly aim: string;
  readonly met: boolean;
}

/** What could not be measured here; never counts as met. */
export interface Skip {
  readonly bench: string;
  /** The part that is left out. */
  readonly skipped: string;
  /** What is missing, and how to get it. */
  readonly reason: string;
}

/** What a benchmark gives, in the order in which it is known. */
export type Outcome = Row | Skip;

type Sides = Pick<Row, "bench" | "metric" | "ours" | "peer" | "unit">;

/** A row for something that should take at most `most` times what its peer takes. */
export function atMost(most: number, row: Sides): Row {
  const value = row.ours / row.peer;
  return { ...row, value, aim: `<= ${most} times`, met: value <= most };
}

/** A row for something of which ours should do at least `least` times as much as its peer. */
export function atLeast(least: number, row: Sides): Row {
  const value = row.ours / row.peer;
  return { ...row, value, aim: `>= ${least} times`, met: value >= least };
}

/** A row that only informs. */
export function withoutAim(row: Sides): Row {
  return { ...row, value: row.ours / row.peer, aim: "none", met: true };
}

/** Middle value; the mean of the two middle ones when their number is even. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError("no samples");
  return (upper + lower) / 2;
}

/** The outcome as a line of a table for people. */
export function formatOutcome(outcome: Outcome): string {
  if ("skipped" in outcome) {
    return `${outcome.bench.padEnd(10)} ${outcome.skipped}: SKIPPED, ${outcome.reason}`;
  }
  const { bench, metric, ours, peer, value, unit, aim, met } = outcome;
  const verdict = aim === "none" ? "" : `aim ${aim}: ${met ? "met" : "MISSED"}`;
  return [
    bench.padEnd(10),
    metric.padEnd(52),
    `${value.toFixed(2)} times`.padStart(14),
    `${figure(ours)} against ${figure(peer)} ${unit}`.padStart(34),
    verdict,
  ].join(" ").trimEnd();
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
