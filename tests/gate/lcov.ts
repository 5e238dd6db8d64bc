/** What a run covered of one file. */
export interface FileCoverage {
  /** Relative to the repository's root. */
  readonly path: string;
  /** Line number to how often it ran. */
  readonly lines: ReadonlyMap<number, number>;
  /** How often each branch was taken. */
  readonly branches: readonly number[];
}

/** A share of things, e.g. of lines that ran. */
export interface Share {
  readonly covered: number;
  readonly all: number;
}

/** Reads an LCOV report. Its paths are absolute or `file:` addresses below `root`. */
export function parseLcov(text: string, root: string): FileCoverage[] {
  return text.split("end_of_record").flatMap((record) => {
    const source = /^SF:(.*)$/m.exec(record)?.[1];
    if (source === undefined) return [];
    const path = source.replace(/^file:\/\//, "").replace(`${root}/`, "");
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)]
      .map(([, line, count]): [number, number] => [Number(line), Number(count)]);
    const branches = [...record.matchAll(/^BRDA:\d+,\d+,\d+,(\d+|-)/gm)]
      .map(([, taken]) => (taken === "-" ? 0 : Number(taken)));
    return [{ path, lines: new Map(lines), branches }];
  });
}

/** Lines of all the files together. */
export function lineShare(files: readonly FileCoverage[]): Share {
  return share(files.flatMap(({ lines }) => [...lines.values()]));
}

/** Branches of all the files together. */
export function branchShare(files: readonly FileCoverage[]): Share {
  return share(files.flatMap(({ branches }) => branches));
}

/** Of the lines that a change added, those that ran; lines without code do not count. */
export function changedShare(
  files: readonly FileCoverage[],
  changed: ReadonlyMap<string, ReadonlySet<number>>,
): Share {
  return share(files.flatMap(({ path, lines }) => {
    const added = changed.get(path);
    return added === undefined ? [] : [...lines].flatMap(([line, n]) => added.has(line) ? [n] : []);
  }));
}

function share(counts: readonly number[]): Share {
  return { covered: counts.filter((count) => count > 0).length, all: counts.length };
}

/** Per cent; nothing to cover is all of it. */
export function percent({ covered, all }: Share): number {
  return all === 0 ? 100 : (100 * covered) / all;
}

/** Added lines by path, from `git diff --unified=0`. */
export function addedLines(diff: string): Map<string, Set<number>> {
  const added = new Map<string, Set<number>>();
  let path = "";
  for (const line of diff.split("\n")) {
    path = /^\+\+\+ b\/(.*)$/.exec(line)?.[1] ?? path;
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (!hunk) continue;
    const first = Number(hunk[1]);
    const lines = added.get(path) ?? new Set();
    for (let offset = 0; offset < Number(hunk[2] ?? 1); offset++) lines.add(first + offset);
    added.set(path, lines);
  }
  return added;
}
