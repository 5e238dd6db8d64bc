import { BottleError, Interrupted, reasonOf } from "./errors.ts";
import type { Terminal } from "./terminal/terminal.ts";

/**
 * Tells the user of an error that ended a command: expected ones as their message and hint, a
 * manifest's line by line, others as a fault of the program. The stack only when debugging.
 */
export function tellError(terminal: Terminal, error: unknown, { debug }: { debug: boolean }): void {
  if (isInterruption(error)) {
    terminal.info(error instanceof Interrupted ? error.message : "Interrupted");
  } else if (isManifestError(error)) tellManifestError(terminal, error);
  else if (isCommandLineError(error)) tellCommandLineError(terminal, error);
  else if (hasHint(error)) terminal.error(error.message, error.hint);
  else if (error instanceof AggregateError) tellAll(terminal, error, debug);
  else if (error instanceof SuppressedError) tellEach(terminal, error, debug);
  else {
    terminal.error(`Cannot go on: ${reasonOf(error)}`, debug ? undefined : UNEXPECTED);
  }
  if (debug && error instanceof Error && error.stack) terminal.trace(error.stack);
}

const UNEXPECTED = "this is a fault of bot-bottle; BOT_BOTTLE_DEBUG=1 shows where";

/** Of `policy/manifest`; known by its shape so that help need not load the manifest's code. */
interface ManifestFailure extends Error {
  readonly diagnostics: readonly {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly keyPath: string;
    readonly message: string;
    readonly hint: string;
  }[];
}

function isManifestError(error: unknown): error is ManifestFailure {
  return error instanceof Error && error.name === "ManifestError" && "diagnostics" in error;
}

function tellManifestError(terminal: Terminal, { diagnostics }: ManifestFailure): void {
  for (const { file, line, column, keyPath, message, hint } of diagnostics) {
    const place = line > 0 ? `${file}:${line}:${column}` : file;
    terminal.error([place, keyPath, message].filter((part) => part !== "").join(": "), hint);
  }
}

function isInterruption(error: unknown): boolean {
  return error instanceof Interrupted || (error instanceof Error && error.name === "AbortError");
}

/**
 * What to exit with when an error is the command line library's: 0 when it only ended the telling
 * of help or version, 2 for a wrong command line. Undefined for all other errors.
 */
export function commandLineExit(error: unknown): number | undefined {
  if (!isCommandLineError(error)) return undefined;
  const told = "exitCode" in error && error.exitCode === 0;
  return told || ("code" in error && error.code === "commander.help") ? 0 : 2;
}

/** Commander's errors carry a code of that form. */
function isCommandLineError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function tellCommandLineError(terminal: Terminal, error: Error): void {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = rest.join(" ").replace(/^\((.*)\)$/, "$1").replace(/^D/, "d");
  const message = first.replace(/\.$/, "");
  terminal.error(
    `Cannot read the command line: ${message}`,
    suggestion === "" ? "bot-bottle --help shows what there is" : suggestion,
  );
}

function hasHint(error: unknown): error is Error & { readonly hint?: string } {
  return error instanceof BottleError ||
    (error instanceof Error && "hint" in error && typeof error.hint === "string");
}

function tellAll(terminal: Terminal, error: AggregateError, debug: boolean): void {
  if (error.message) terminal.error(error.message);
  for (const each of error.errors) tellError(terminal, each, { debug });
}

/** What went wrong, and then what went wrong in clearing up after it, which is often the same. */
function tellEach(terminal: Terminal, error: SuppressedError, debug: boolean): void {
  const each = new Map(inOrder(error).map((one) => [reasonOf(one), one]));
  for (const one of each.values()) tellError(terminal, one, { debug });
}

function inOrder(error: unknown): readonly unknown[] {
  if (!(error instanceof SuppressedError)) return [error];
  return [...inOrder(error.suppressed), ...inOrder(error.error)];
}
