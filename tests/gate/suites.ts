import { join, relative } from "node:path";

/** Test files that run together in one process. */
export interface Suite {
  readonly name: string;
  readonly kind: "unit" | "integration" | "e2e";
  readonly files: readonly string[];
  /** Permission flags of the run; the policy core gets none. */
  readonly permissions: readonly string[];
  /** May its files run beside each other? What uses the container engine may not. */
  readonly parallel: boolean;
}

const SKIPPED_FOLDERS = new Set([".git", "node_modules", "coverage", "dist"]);

/** Integration tests that come first, fastest first; the others follow in the order of names. */
const EARLY = ["architecture", "docs", "manifest", "policy", "cli", "provider", "sidecar"];

/**
 * Permits nothing: the debugging switches that the YAML library looks at read as unset, where
 * looking at them would otherwise be an error.
 */
const UNSET: readonly string[] = Object.freeze(["--ignore-env=LOG_TOKENS,LOG_STREAM"]);

/** All files below `root` that `accept` takes, as sorted relative paths. */
export async function listFiles(
  root: string,
  accept: (path: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory && !SKIPPED_FOLDERS.has(entry.name)) await walk(path);
      if (entry.isFile && accept(relative(root, path))) found.push(relative(root, path));
    }
  };
  await walk(root);
  return found.sort();
}

/** Every suite of the tree, in the order in which the gate runs them. */
export async function findSuites(root: string): Promise<Suite[]> {
  return groupSuites(await listFiles(root, (path) => path.endsWith("_test.ts")));
}

/** Groups test files (relative paths) into suites: the policy core, other units, then one each. */
export function groupSuites(files: readonly string[]): Suite[] {
  const spanning = files.filter((file) => /^tests\/[^/]+$/.test(file));
  const units = files.filter((file) => !spanning.includes(file));
  const policy = units.filter((file) => file.startsWith("policy/"));
  const others = units.filter((file) => !policy.includes(file));
  const all: Suite[] = [
    { name: "policy units", kind: "unit", files: policy, permissions: UNSET, parallel: true },
    { name: "units", kind: "unit", files: others, permissions: ["-A"], parallel: true },
    ...spanning.sort((a, b) => rank(a) - rank(b)).map((file): Suite => ({
      name: file,
      kind: file.startsWith("tests/e2e_") ? "e2e" : "integration",
      files: [file],
      permissions: ["-A"],
      parallel: false,
    })),
  ];
  return all.filter((suite) => suite.files.length > 0);
}

function rank(file: string): number {
  if (file.startsWith("tests/e2e_")) return EARLY.length + 1;
  const place = EARLY.findIndex((prefix) => file.startsWith(`tests/${prefix}_`));
  return place < 0 ? EARLY.length : place;
}

/**
 * Narrows suites to a word of the command line: the files whose path has it or, when there is
 * none, the tests whose name has it.
 */
export function narrow(
  suites: readonly Suite[],
  filter: string,
): { readonly suites: readonly Suite[]; readonly name?: string } {
  const narrowed = suites
    .map((suite) => ({ ...suite, files: suite.files.filter((file) => file.includes(filter)) }))
    .filter((suite) => suite.files.length > 0);
  return narrowed.length > 0 ? { suites: narrowed } : { suites, name: filter };
}
