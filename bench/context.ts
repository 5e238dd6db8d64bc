import type { Outcome } from "./row.ts";

/** How a benchmark is run. */
export interface BenchContext {
  /** Only these parts of it; empty means all. */
  readonly parts: readonly string[];
  /** Fewer and shorter rounds: shows that it works, its figures are rough. */
  readonly quick: boolean;
  /** Takes what is under way, for people. */
  readonly progress: (text: string) => void;
}

/** A benchmark's module. */
export interface Benchmark {
  /** Names of what can be run by itself. */
  readonly PARTS?: readonly string[];
  run(context: BenchContext): AsyncIterable<Outcome> | Promise<Iterable<Outcome>>;
}
