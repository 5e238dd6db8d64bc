import { looksLikeToken } from "./token_name.ts";

/** Keys and list positions from the top of a frontmatter down to one value. */
export type KeyPath = readonly (string | number)[];

/** Where in a manifest something stands. */
export interface Place {
  readonly file: string;
  /** From 1; 0 when the file as a whole is meant. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 when the file as a whole is meant. */
  readonly column: number;
  /** As in `egress.routes[0].host`; empty for the whole frontmatter. */
  readonly keyPath: string;
}

/** One thing that is wrong in a manifest. Holds no value of the file, which might be a secret. */
export interface Diagnostic extends Place {
  /** What is the case, without a full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** The most diagnostics that one error carries; a file with more has one cause. */
const MOST_DIAGNOSTICS = 100;

/** A manifest that cannot be used, with everything that is wrong with it. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const files = [...new Set(diagnostics.map((each) => each.file))].map(printable);
    const count = diagnostics.length === 1 ? "1 problem" : `${diagnostics.length} problems`;
    super(`Cannot use the manifest: ${count} in ${files.join(", ")}`);
    this.diagnostics = Object.freeze(diagnostics.slice(0, MOST_DIAGNOSTICS));
  }
}

/**
 * Formats a diagnostic as `file:line:column: key.path: message`, and its hint on a second line.
 * The result is safe to print: control characters of file names and keys are escaped.
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, keyPath, message, hint } = diagnostic;
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  const parts = keyPath === "" ? [place, message] : [place, keyPath, message];
  const text = printable(parts.join(": "));
  return hint === "" ? text : `${text}\n  hint: ${printable(hint)}`;
}

/** Writes a path as people write it: `egress.routes[0].host`; odd keys are quoted. */
export function keyPathText(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const key = keyText(part);
    if (!/^[A-Za-z0-9_-]+$/.test(part)) return `${text}[${JSON.stringify(key)}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** A key as it may be shown: bounded, printable, and hidden when it looks like a credential. */
export function keyText(key: string): string {
  if (looksLikeToken(key)) return "[hidden]";
  return printable(key.length > 60 ? `${key.slice(0, 60)}...` : key);
}

/** Escapes what could move a terminal's cursor, hide text or reorder it. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
