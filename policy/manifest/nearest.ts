/** Words longer than this are compared by their beginning, which bounds the work. */
const LONGEST = 64;

/**
 * The candidate that is most like the word, when one is near enough to be a slip of the hand: at
 * most a third of the word's letters differ (two at least for words of four letters or more).
 * Case does not count. The first of equals wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const from = word.toLowerCase().slice(0, LONGEST);
  const limit = from.length < 4 ? 1 : Math.max(2, Math.floor(from.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(from, candidate.toLowerCase().slice(0, LONGEST));
    if (distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of
 * neighbours, each counted as one.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(substituted, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
