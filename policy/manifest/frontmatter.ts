import {
  type Diagnostic,
  type KeyPath,
  keyPathText,
  ManifestError,
  type Place,
} from "./diagnostic.ts";
import { MAX_FRONTMATTER_LENGTH, MAX_MANIFEST_BYTES } from "./limits.ts";
import { type JsonMapping, type Located, parseYamlMapping } from "./yaml_tree.ts";

/** A manifest file taken apart: its keys, where each stands, and the text below them. */
export interface Frontmatter {
  readonly file: string;
  /** Mappings in it have no prototype. */
  readonly data: JsonMapping;
  readonly located: Located;
  /** Markdown below the second `---`, without blank lines around it; lines end with LF. */
  readonly body: string;
}

/**
 * Takes a manifest file apart into YAML frontmatter between `---` lines and a body.
 *
 * `file` is the name that messages show. Throws {@linkcode ManifestError} when the bytes are too
 * many or not UTF-8, when a fence is missing, or when the frontmatter is not plain strict YAML.
 */
export function parseFrontmatter(file: string, bytes: Uint8Array): Frontmatter {
  const text = decode(file, bytes).replaceAll("\r\n", "\n");
  const lines = text.split("\n");
  if (!isFence(lines[0] ?? "")) {
    throw wrong(file, 1, "the file does not begin with a `---` line", openingHint(lines));
  }
  const end = lines.findIndex((line, index) => index > 0 && isFence(line));
  if (end < 0) {
    const hint = "end the frontmatter with a line that is exactly `---`";
    throw wrong(file, 1, "the frontmatter that begins here has no end", hint);
  }
  const yaml = lines.slice(1, end).join("\n");
  refuseOddCharacters(file, lines.slice(1, end));
  if (yaml.length > MAX_FRONTMATTER_LENGTH) {
    const limit = `more than ${MAX_FRONTMATTER_LENGTH} characters`;
    throw wrong(file, 1, `the frontmatter has ${limit}`, "split it over several bottles");
  }
  const { data, located } = parseYamlMapping(yaml, { file, lineOffset: 1 });
  return { file, data, located, body: lines.slice(end + 1).join("\n").trim() };
}

/**
 * Where the value of that path stands; when the path leads to a key that is not there, the
 * nearest value above it that is.
 */
export function placeOf(frontmatter: Frontmatter, path: KeyPath): Place {
  return {
    ...placeIn(frontmatter.located, path),
    file: frontmatter.file,
    keyPath: keyPathText(path),
  };
}

/** Line and column of that path in a tree of positions, or of the nearest value above it. */
export function placeIn(root: Located, path: KeyPath): { line: number; column: number } {
  let node = root;
  for (const part of path) {
    const child = node.children.get(part);
    if (child === undefined) break;
    node = child;
  }
  return { line: node.line, column: node.column };
}

function decode(file: string, bytes: Uint8Array): string {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    const limit = `more than ${MAX_MANIFEST_BYTES / 1024} KiB`;
    throw wrong(file, 0, `the file has ${limit}`, "move long texts into a skill");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw wrong(file, 0, "the file is not UTF-8 text", "save it again in the encoding UTF-8");
  }
}

function isFence(line: string): boolean {
  return /^---[ \t]*$/.test(line);
}

function openingHint(lines: readonly string[]): string {
  const first = lines.findIndex((line) => isFence(line.trimStart()));
  const blankBefore = first > 0 && lines.slice(0, first).every((line) => line.trim() === "");
  if (blankBefore || first === 0) return "remove what stands before the first `---`";
  return "begin with `---`, then keys, then `---` again, then the text";
}

/** Refuses characters that make a file read differently from how an editor shows it. */
function refuseOddCharacters(file: string, lines: readonly string[]): void {
  const problems = lines.flatMap((line, index): Diagnostic[] => {
    const odd = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(line);
    if (odd === null) return [];
    const code = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return [{
      file,
      line: index + 2,
      column: odd.index + 1,
      keyPath: "",
      message: `the character U+${code} is not allowed in frontmatter`,
      hint: "remove it, or write it as an escape in double quotes",
    }];
  });
  if (problems.length > 0) throw new ManifestError(problems);
}

function wrong(file: string, line: number, message: string, hint: string): ManifestError {
  return new ManifestError([{ file, line, column: line > 0 ? 1 : 0, keyPath: "", message, hint }]);
}
