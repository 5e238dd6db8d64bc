import type { Diagnostic, Place } from "./diagnostic.ts";

/**
 * What each of the YAML library's error codes means to an author. The library's own messages can
 * repeat parts of the file, which may be a secret, so none of them is passed on.
 */
const MEANINGS: ReadonlyMap<string, readonly [message: string, hint: string]> = new Map([
  ["TAB_AS_INDENT", ["a tab indents this line", "YAML is indented with spaces only"]],
  ["BAD_INDENT", ["the indentation does not fit", "align it with its neighbours, close brackets"]],
  ["BLOCK_AS_IMPLICIT_KEY", [
    "a mapping stands where a value is expected",
    "quote a value that contains `: `, and indent keys below their parent",
  ]],
  ["MULTILINE_IMPLICIT_KEY", ["a key runs over several lines", "check the line above for a `:`"]],
  ["MISSING_CHAR", ["a quote, bracket, comma or colon is missing", "close what was opened"]],
  ["BAD_DQ_ESCAPE", [
    "a backslash in double quotes begins no known escape",
    "use single quotes, in which a backslash is itself",
  ]],
  ["BAD_SCALAR_START", ["a value begins with a reserved character", "put the value in quotes"]],
  ["NON_STRING_KEY", ["a key is not a plain text", "write `name: value`"]],
  ["RESOURCE_EXHAUSTION", ["values are nested too deeply", "flatten the frontmatter"]],
  ["TAG_RESOLVE_FAILED", ["tags (`!name`) are not allowed", "quote a text, leave the tag out"]],
  ["MULTIPLE_TAGS", ["tags (`!name`) are not allowed", "quote a text, leave the tag out"]],
  ["BAD_ALIAS", ["aliases (`*name`) are not allowed", "write the value out"]],
  ["MULTIPLE_ANCHORS", ["anchors (`&name`) are not allowed", "remove the anchor"]],
]);

const OTHER = ["this is not valid YAML", "check quotes, brackets and indentation"] as const;

/** An error or warning of the YAML library, without the text it would print. */
interface YamlProblem {
  readonly code: string;
  readonly pos: readonly [number, number];
}

/** The most syntax errors that are reported; later ones mostly follow from the first. */
const MOST_ERRORS = 10;

/**
 * Everything that keeps parsed YAML from being one plain document: the parser's errors (one for
 * each line), directives and further documents.
 */
export function syntaxDiagnostics(source: {
  readonly tokens: readonly { readonly type: string; readonly offset?: number }[];
  readonly documents: readonly {
    readonly errors: readonly YamlProblem[];
    readonly warnings: readonly YamlProblem[];
    readonly range?: readonly number[] | null;
  }[];
  readonly place: (offset: number) => Place;
}): readonly Diagnostic[] {
  const found = new Map<number, Diagnostic>();
  const note = (offset: number, [message, hint]: readonly [string, string]): void => {
    const place = source.place(offset);
    if (found.size < MOST_ERRORS && !found.has(place.line)) {
      found.set(place.line, { ...place, message, hint });
    }
  };
  for (const token of source.tokens) {
    if (token.type === "directive") {
      note(token.offset ?? 0, ["directives (`%...`) are not allowed", "remove the line"]);
    }
    if (token.type === "doc-end") {
      note(token.offset ?? 0, ["`...` ends the document early", "remove the line"]);
    }
  }
  for (const document of source.documents.slice(0, 2)) {
    for (const problem of [...document.errors, ...document.warnings]) {
      note(problem.pos[0], MEANINGS.get(problem.code) ?? OTHER);
    }
  }
  const second = source.documents[1];
  if (second !== undefined && found.size === 0) {
    note(second.range?.[0] ?? 0, ["a second document begins here", "keep one document"]);
  }
  return [...found.values()].sort((a, b) => a.line - b.line);
}
