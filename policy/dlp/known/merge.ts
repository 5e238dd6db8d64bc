import type { ViewMatch } from "../view_match.ts";

/** A match, placed in whatever it was looked for in. */
export type Run = ViewMatch;

/** In the order of their place; those of one secret that overlap or touch become one. */
export function mergeRuns(runs: readonly Run[]): Run[] {
  const sorted = runs.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const last = new Map<string, number>();
  const merged: Run[] = [];
  for (const run of sorted) {
    const at = last.get(run.id);
    const earlier = at === undefined ? undefined : merged[at];
    if (at === undefined || earlier === undefined || earlier.end < run.start) {
      last.set(run.id, merged.push(run) - 1);
    } else {
      merged[at] = { ...earlier, end: Math.max(earlier.end, run.end) };
    }
  }
  return merged;
}
