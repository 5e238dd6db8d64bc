/**
 * Lines and branches that unit and spanning tests run, by folder, and of what changed since a
 * commit (`--base REF`, by default where the branch left origin/main). Fails when tests fail, when
 * policy/ is under 95 % or when changed lines are under 90 %; elsewhere it only reports.
 */
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { run } from "./command.ts";
import {
  addedLines,
  branchShare,
  changedShare,
  type FileCoverage,
  lineShare,
  parseLcov,
  percent,
} from "./lcov.ts";
import { runSteps } from "./main.ts";
import { suiteStep } from "./steps.ts";
import { findSuites } from "./suites.ts";
import { isGreen } from "./tally.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const LIMIT = 120_000;
const POLICY_AIM = 95;
const CHANGED_AIM = 90;
const SHIPPED = /^(?:policy|host|backends|providers|sidecar)\/|^(?:cli|mod)\.ts$/;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs the tests; a failure of theirs does not hide what was covered. */
async function measure(scratch: string): Promise<{ files: FileCoverage[]; green: boolean }> {
  const profiles = join(scratch, "profiles");
  const suites = (await findSuites(ROOT)).filter(({ kind }) => kind !== "e2e");
  const options = { root: ROOT, scratch, coverage: profiles };
  const tally = await runSteps(suites.map((suite) => suiteStep(suite, options)), write);
  const report = join(scratch, "lcov.info");
  const argv = [Deno.execPath(), "coverage", "--lcov", `--output=${report}`, profiles];
  const { code, output } = await run(argv, { cwd: ROOT, limit: LIMIT });
  if (code !== 0) throw new Error(`Cannot report coverage: ${output}`);
  const files = parseLcov(await Deno.readTextFile(report), ROOT)
    .filter(({ path }) => SHIPPED.test(path) && !path.endsWith("_test.ts"));
  return { files, green: isGreen(tally) };
}

/** Writes a row for each folder; resolves with whether policy/ is where it should be. */
function reportFolders(files: readonly FileCoverage[]): boolean {
  const folders = Map.groupBy(files, ({ path }) => path.split("/").slice(0, -1).join("/") || ".");
  for (const [folder, members] of [...folders].sort(([a], [b]) => a < b ? -1 : 1)) {
    reportRow(folder, members);
  }
  const policy = files.filter(({ path }) => path.startsWith("policy/"));
  reportRow("policy/ as a whole", policy);
  const shares = [lineShare(policy), branchShare(policy)];
  return policy.length > 0 && shares.every((share) => percent(share) >= POLICY_AIM);
}

function reportRow(name: string, files: readonly FileCoverage[]): void {
  const lines = percent(lineShare(files)).toFixed(1).padStart(6);
  const branches = percent(branchShare(files)).toFixed(1).padStart(6);
  write(`${lines} % of lines ${branches} % of branches  ${name}`);
}

async function reportChanges(files: readonly FileCoverage[], given?: string): Promise<boolean> {
  const git = (...args: string[]): ReturnType<typeof run> =>
    run(["git", ...args], { cwd: ROOT, limit: LIMIT });
  const found = await git("merge-base", "HEAD", given ?? "origin/main");
  if (found.code !== 0) {
    if (given !== undefined) throw new Error(`Cannot compare with ${given}: ${found.output}`);
    write("changed lines: not compared, there is no origin/main; name a commit with --base");
    return true;
  }
  const diff = await git("diff", "--unified=0", found.output.trim(), "--", "*.ts");
  const share = changedShare(files, addedLines(diff.output));
  write(`${percent(share).toFixed(1)} % of ${share.all} changed lines`);
  return percent(share) >= CHANGED_AIM;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ args: Deno.args, options: { base: { type: "string" } } });
  const scratch = await Deno.makeTempDir({ prefix: "bot-bottle-coverage-" });
  try {
    const { files, green } = await measure(scratch);
    const policyHolds = reportFolders(files);
    const changesHold = await reportChanges(files, values.base);
    if (!policyHolds) write(`policy/ is under ${POLICY_AIM} %`);
    if (!changesHold) write(`changed lines are under ${CHANGED_AIM} %`);
    if (!green) write("a test failed, see above");
    Deno.exitCode = green && policyHolds && changesHold ? 0 : 1;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) void main();
