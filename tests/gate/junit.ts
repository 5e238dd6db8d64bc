/** How one test ended, as Deno's JUnit report tells it. */
export interface TestCase {
  readonly file: string;
  /** The test's name; a step's name follows its test's after ` > `. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
}

const CASE = /<testcase name="([^"]*)" classname="([^"]*)"([^>]*)>([\s\S]*?)<\/testcase>/g;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/**
 * Reads the report that `deno test --junit-path` writes. Names and messages are escaped in it, so
 * the tags found are the report's own. An error outside every test stands in no report: the
 * process's exit code alone tells of it. Tests that `--filter` left out have no time and are left
 * out here, too.
 */
export function parseJunit(xml: string): TestCase[] {
  return [...xml.matchAll(CASE)].flatMap(([, name = "", file = "", rest = "", body = ""]) => {
    const outcome = outcomeOf(body);
    if (outcome === "skipped" && !rest.includes("time=")) return [];
    return [{ file: unescape(file).replace(/^\.\//, ""), name: unescape(name), outcome }];
  });
}

function outcomeOf(body: string): TestCase["outcome"] {
  if (/<(failure|error)\b/.test(body)) return "failed";
  return /<skipped\b/.test(body) ? "skipped" : "passed";
}

function unescape(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}
