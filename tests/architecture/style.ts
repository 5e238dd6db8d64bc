import { isTest, type Violation } from "./imports.ts";
import type { Source, Use } from "./source.ts";

const MAX_LINES = 350;
const MAX_TEST_LINES = 500;
const MAX_FUNCTION_LINES = 80;

/** A name that only some shipped files may use. */
interface Ban {
  readonly name: RegExp;
  /** Where it is banned, among shipped files. */
  readonly where: RegExp;
  readonly except?: RegExp;
  readonly why: string;
}

/** The mains of processes: the command line, the sidecar's init and services, the demo's agent. */
const EXITS = /^(?:cli|sidecar\/(?:[a-z_]+\/)?main|providers\/demo\/agent\/main)\.ts$/;

const BANS: readonly Ban[] = [
  {
    name: /^(?:globalThis\.)?(?:Deno|process)\.exit$/,
    where: /./,
    except: EXITS,
    why: "an exit deep in the code skips the release of what was made; only a process's main exits",
  },
  { name: /^console\b/, where: /./, why: "every word that a user sees goes through the terminal" },
  {
    name: /^(?:Deno|process|performance|fetch|setTimeout|setInterval|WebSocket)\b/,
    where: /^policy\//,
    why: "the policy core has no I/O and no clock",
  },
  {
    name: /^(?:Math\.random|Date\.now|Date$|new Date\(\)|crypto\.(?:getRandomValues|randomUUID))/,
    where: /^policy\//,
    except: /^$/,
    why: "the policy core has no clock and no randomness: both are arguments",
  },
];

/** Sizes and bans that a reader would otherwise have to keep in mind. */
export function checkStyle(source: Source): Violation[] {
  const limit = isTest(source.path) ? MAX_TEST_LINES : MAX_LINES;
  const found: Violation[] = [];
  if (source.lines > limit) {
    found.push({
      path: source.path,
      what: `has ${source.lines} lines, more than ${limit}`,
      why: "a file that outgrows this is usually two ideas",
    });
  }
  if (isTest(source.path)) return found;
  for (const { name, lines } of source.functions) {
    if (lines <= MAX_FUNCTION_LINES) continue;
    found.push({
      path: source.path,
      what: `has a function (${name}) of ${lines} lines, more than ${MAX_FUNCTION_LINES}`,
      why: "a function that does not fit a screen does several things",
    });
  }
  return [...found, ...source.uses.flatMap((use) => checkUse(source.path, use))];
}

function checkUse(path: string, use: Use): Violation[] {
  return BANS
    .filter((ban) => ban.name.test(use.name) && ban.where.test(path))
    .filter((ban) => !ban.except?.test(path))
    .map((ban) => ({ path, what: `uses ${use.name} in line ${use.line}`, why: ban.why }));
}

/** Decision records longer than one printed page; padding of tables does not count. */
export function checkRecord(path: string, text: string): Violation[] {
  const lines = text.trimEnd().replaceAll(/ {2,}|-{4,}/g, " ").split("\n").reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(line.length / 90)),
    0,
  );
  if (lines <= 60) return [];
  return [{ path, what: `fills ${lines} lines of a page's 60`, why: "a record is one page" }];
}
