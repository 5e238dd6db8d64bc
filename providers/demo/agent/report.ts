export type Outcome = "allowed" | "stopped";

/** One attempt, judged. */
export interface Verdict {
  readonly attempt: string;
  readonly must: Outcome;
  /** Unknown: it could not be tried, which proves nothing. */
  readonly was: Outcome | "unknown";
  readonly passed: boolean;
  readonly by: string;
}

/** What came from outside is cut and made plain before it reaches a terminal. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 60);
}

/** One line for each verdict, in columns, and a last line that sums up. */
export function table(
  verdicts: readonly Verdict[],
  { color, milliseconds }: { readonly color: boolean; readonly milliseconds: number },
): string {
  const paint = (code: string, text: string): string =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const width = Math.max(...verdicts.map(({ attempt }) => attempt.length));
  const lines = verdicts.map(({ attempt, must, was, passed, by }) => {
    const mark = passed ? paint("32", "ok  ") : paint("1;31", "FAIL");
    const outcome = was.padEnd(7);
    const shown = passed ? outcome : paint("1;31", outcome);
    const note = passed ? plain(by) : `must be ${must}: ${plain(by)}`;
    return `${mark}  ${attempt.padEnd(width)}  ${shown}  ${paint("2", note)}`;
  });
  const good = verdicts.filter(({ passed }) => passed).length;
  const sum = `${good} of ${verdicts.length} as it must be, in ${milliseconds} ms`;
  const summary = good === verdicts.length ? paint("32", sum) : paint("1;31", sum);
  return [...lines, "", summary, ""].join("\n");
}

/** One JSON object a line. */
export function jsonLines(verdicts: readonly Verdict[]): string {
  return verdicts.map((verdict) => JSON.stringify(verdict) + "\n").join("");
}
