// deno-lint-ignore no-control-regex
const TERMINAL_SEQUENCES = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;

/** One line without control characters, so that what a build or a bottle prints steers no terminal. */
export function printable(line: string, limit: number): string {
  return line.slice(0, limit * 4).replace(TERMINAL_SEQUENCES, "").replace(/\p{C}/gu, " ").trim()
    .slice(0, limit);
}
