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
  /** In words, e.g. `<= 1.3 times`. */
  readonly aim: string;
  readonly met: boolean;
}

/** A row for something that should take at most `most` times what its peer takes. */
export function atMost(
  most: number,
  row: Pick<Row, "bench" | "metric" | "ours" | "peer" | "unit">,
): Row {
  const value = row.ours / row.peer;
  return { ...row, value, aim: `<= ${most} times`, met: value <= most };
}

/** Middle value; the mean of the two middle ones when their number is even. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError("no samples");
  return (upper + lower) / 2;
}

/** The row as a line for people. */
export function formatRow(row: Row): string {
  const sides = `${row.ours.toFixed(1)} against ${row.peer.toFixed(1)} ${row.unit}`;
  const verdict = row.met ? "met" : "MISSED";
  return `${row.bench} ${row.metric}: ${row.value.toFixed(2)} times (${sides}), ` +
    `aim ${row.aim}: ${verdict}`;
}
