import type { TestCase } from "./junit.ts";

/** A test that did not run, and why. */
export interface Skip {
  readonly what: string;
  readonly reason: string;
}

/** What a step of the gate comes to. */
export interface Tally {
  readonly passed: number;
  /** Names of what failed. */
  readonly failed: readonly string[];
  readonly skipped: readonly Skip[];
}

export const EMPTY: Tally = Object.freeze({ passed: 0, failed: [], skipped: [] });

/**
 * A test may be skipped only for something that the machine lacks, said at the end of its name:
 * `boots a microVM (needs /dev/kvm)`.
 */
const REASON = /\((needs [^()]+)\)$/;

/**
 * Counts test cases. A skip without a reason counts as failed, and so does a run that ended badly
 * although none of its tests says so (an error outside every test, a leak, a kill).
 */
export function tallyTests(
  cases: readonly TestCase[],
  run: { readonly code: number; readonly name: string },
): Tally {
  const failed = cases.filter((test) => test.outcome === "failed").map(nameOf);
  const skipped: Skip[] = [];
  for (const test of cases.filter((test) => test.outcome === "skipped")) {
    const reason = REASON.exec(test.name)?.[1];
    if (reason) skipped.push({ what: nameOf(test), reason });
    else failed.push(`${nameOf(test)}: skipped without a "(needs ...)" at the end of its name`);
  }
  if (run.code !== 0 && failed.length === 0) {
    failed.push(`${run.name}: ended with code ${run.code} outside of its tests`);
  }
  const passed = cases.filter((test) => test.outcome === "passed").length;
  return { passed, failed, skipped };
}

function nameOf(test: TestCase): string {
  return `${test.file}: ${test.name}`;
}

export function add(a: Tally, b: Tally): Tally {
  return {
    passed: a.passed + b.passed,
    failed: [...a.failed, ...b.failed],
    skipped: [...a.skipped, ...b.skipped],
  };
}

/** The lines that end a run: what failed, what was skipped and why, and the counts, always last. */
export function summary(tally: Tally): string[] {
  const counts = [`${tally.passed} passed`, `${tally.failed.length} failed`];
  if (tally.skipped.length > 0) counts.push(`${tally.skipped.length} skipped`);
  return [
    ...tally.failed.map((what) => `failed: ${what}`),
    ...tally.skipped.map((skip) => `skipped: ${skip.what}: ${skip.reason}`),
    counts.join(", "),
  ];
}

/** Nothing failed and something ran. */
export function isGreen(tally: Tally): boolean {
  return tally.failed.length === 0 && tally.passed > 0;
}
