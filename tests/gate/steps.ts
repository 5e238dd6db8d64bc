import { join } from "node:path";
import { type Finished, run, shown } from "./command.ts";
import { parseJunit } from "./junit.ts";
import type { Suite } from "./suites.ts";
import { EMPTY, type Tally, tallyTests } from "./tally.ts";

const MINUTE = 60_000;

/** One thing that the gate does. */
export interface Step {
  readonly name: string;
  run(): Promise<StepResult>;
}

export interface StepResult {
  readonly tally: Tally;
  /** Shown in full when something failed. */
  readonly output: string;
}

/** What a check of the sources runs; it counts as one, passed or failed. */
interface Check {
  readonly name: string;
  readonly argv: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: "dependencies stand in deno.lock", argv: ["install", "--frozen"] },
  { name: "formatting", argv: ["fmt", "--check"] },
  { name: "lint", argv: ["lint"] },
  { name: "types", argv: ["check", "--frozen", "."] },
];

const PACKAGE_CHECKS: readonly Check[] = [
  { name: "package", argv: ["publish", "--dry-run", "--allow-dirty"] },
];

/** Formatting, lint and types of the whole tree. */
export function checks(root: string): Step[] {
  return CHECKS.map((check) => commandStep(root, check));
}

/** That the package could be published as it is. */
export function packageChecks(root: string): Step[] {
  return PACKAGE_CHECKS.map((check) => commandStep(root, check));
}

function commandStep(root: string, check: Check): Step {
  return {
    name: check.name,
    async run(): Promise<StepResult> {
      const argv = [Deno.execPath(), ...check.argv];
      const ended = await run(argv, { cwd: root, limit: 10 * MINUTE });
      const tally: Tally = ended.code === 0
        ? { ...EMPTY, passed: 1 }
        : { ...EMPTY, failed: [`${check.name}: ${shown(argv)}${late(ended)}`] };
      return { tally, output: ended.output };
    },
  };
}

export interface SuiteOptions {
  readonly root: string;
  /** Folder for reports. */
  readonly scratch: string;
  /** Only tests whose name has this. */
  readonly name?: string;
  /** Folder for coverage profiles; absent for none. */
  readonly coverage?: string;
}

/** Runs one suite in a process of its own; types were checked before. */
export function suiteStep(suite: Suite, options: SuiteOptions): Step {
  return {
    name: suite.name,
    async run(): Promise<StepResult> {
      const report = join(options.scratch, `${suite.name.replaceAll(/\W/g, "_")}.xml`);
      const argv = [Deno.execPath(), ...testArguments(suite, report, options)];
      const ended = await run(argv, { cwd: options.root, limit: 8 * MINUTE });
      const xml = await Deno.readTextFile(report).catch(() => "");
      const named = { code: ended.code, name: `${suite.name}${late(ended)}` };
      return { tally: tallyTests(parseJunit(xml), named), output: ended.output };
    },
  };
}

function testArguments(suite: Suite, report: string, options: SuiteOptions): string[] {
  return [
    "test",
    "--no-check",
    "--no-prompt",
    "--frozen",
    ...suite.permissions,
    ...(suite.parallel ? ["--parallel"] : []),
    ...(options.name === undefined ? [] : ["--filter", options.name]),
    ...(options.coverage === undefined ? [] : [`--coverage=${options.coverage}`]),
    `--junit-path=${report}`,
    ...suite.files,
  ];
}

function late(ended: Finished): string {
  return ended.timedOut ? " (killed: it took too long)" : "";
}
