import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, Parser } from "yaml";
import type { Json } from "../json.ts";
import {
  type Diagnostic,
  type KeyPath,
  keyPathText,
  keyText,
  ManifestError,
  type Place,
} from "./diagnostic.ts";
import { syntaxDiagnostics } from "./yaml_syntax.ts";

/** A mapping that was read from YAML; made without a prototype. */
export type JsonMapping = { readonly [key: string]: Json };

/** Where a value stands: at its key when it has one, else at its own beginning. */
export interface Located {
  readonly line: number;
  readonly column: number;
  readonly children: ReadonlyMap<string | number, Located>;
}

/** Values nested deeper than this are refused; the deepest key of a manifest is at 8. */
export const MAX_DEPTH = 32;

/** Keys that name parts of every JavaScript object; no manifest needs one. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads YAML text as one mapping: YAML 1.2 core schema, strict, without anchors, aliases, tags,
 * directives or repeated keys. An empty text is an empty mapping.
 *
 * `lineOffset` is the number of lines that precede the text in its file. Throws
 * {@linkcode ManifestError} with all that is wrong.
 */
export function parseYamlMapping(
  text: string,
  options: { file: string; lineOffset: number },
): { readonly data: JsonMapping; readonly located: Located } {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const reader = new TreeReader(options.file, (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: line + options.lineOffset, column: col };
  });
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    strict: true,
    stringKeys: true,
    prettyErrors: false,
    // Ours counts in linear time and names the line of both.
    uniqueKeys: false,
    logLevel: "silent",
  });
  const documents = compose(composer, tokens, reader.at(0));
  const syntax = syntaxDiagnostics({ tokens, documents, place: (offset) => reader.at(offset) });
  if (syntax.length > 0) throw new ManifestError(syntax);
  const root = documents[0]?.contents ?? null;
  return reader.readRoot(root);
}

type ComposedDocument = ReturnType<Composer["compose"]> extends Generator<infer D> ? D : never;

/** The library nests calls as deeply as the text nests values, and mostly notices by itself. */
function compose(
  composer: Composer,
  tokens: Parameters<Composer["compose"]>[0],
  place: Place,
): ComposedDocument[] {
  try {
    return [...composer.compose(tokens)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const hint = "flatten the frontmatter";
    throw new ManifestError([{ ...place, message: "values are nested too deeply", hint }]);
  }
}

/** Turns nodes of the YAML library into plain data and positions, noting what is refused. */
class TreeReader {
  readonly #problems: Diagnostic[] = [];
  readonly #file: string;
  readonly #position: (offset: number) => { line: number; column: number };

  constructor(file: string, position: (offset: number) => { line: number; column: number }) {
    this.#file = file;
    this.#position = position;
  }

  at(offset: number, path: KeyPath = []): Omit<Diagnostic, "message" | "hint"> {
    return { file: this.#file, ...this.#position(offset), keyPath: keyPathText(path) };
  }

  readRoot(root: Node | null): { data: JsonMapping; located: Located } {
    const start = this.#position(0);
    const nothing = root === null || (isScalar(root) && root.value === null && !root.tag);
    if (nothing) return { data: Object.create(null), located: { ...start, children: new Map() } };
    if (!isMap(root)) {
      const hint = "write the frontmatter as `key: value` lines";
      this.#refuse(root, [], "the frontmatter is not a mapping", hint);
      throw new ManifestError(this.#problems);
    }
    const { value, located } = this.#read(root, [], 0);
    if (this.#problems.length > 0) throw new ManifestError(this.#problems);
    return { data: value as JsonMapping, located };
  }

  #refuse(node: Node | number, path: KeyPath, message: string, hint: string): void {
    const offset = typeof node === "number" ? node : node.range?.[0] ?? 0;
    this.#problems.push({ ...this.at(offset, path), message, hint });
  }

  #read(node: Node | null, path: KeyPath, offset: number): { value: Json; located: Located } {
    const children = new Map<string | number, Located>();
    const located = { ...this.#position(offset), children };
    return { value: this.#value(node, path, children), located };
  }

  #value(node: Node | null, path: KeyPath, children: Map<string | number, Located>): Json {
    if (node === null) return null;
    if (path.length > MAX_DEPTH) {
      this.#refuse(
        node,
        path.slice(0, 3),
        "values are nested too deeply",
        "flatten the frontmatter",
      );
      return null;
    }
    if (isAlias(node)) {
      this.#refuse(node, path, "aliases (`*name`) are not allowed", "write the value out");
      return null;
    }
    if (node.anchor !== undefined) {
      this.#refuse(node, path, "anchors (`&name`) are not allowed", "remove the anchor");
    }
    if (node.tag !== undefined) {
      this.#refuse(node, path, "tags (`!name`) are not allowed", "quote a text, leave the tag out");
    }
    if (isScalar(node)) return this.#scalar(node, node.value, path);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const child = item as Node | null;
        const read = this.#read(child, [...path, index], child?.range?.[0] ?? node.range?.[0] ?? 0);
        children.set(index, read.located);
        return read.value;
      });
    }
    return isMap(node) ? this.#mapping(node, path, children) : null;
  }

  #scalar(node: Node, value: unknown, path: KeyPath): Json {
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    this.#refuse(node, path, "is not a finite number", "write a plain number, or quote a text");
    return null;
  }

  #mapping(
    node: { readonly items: readonly { readonly key: unknown; readonly value: unknown }[] },
    path: KeyPath,
    children: Map<string | number, Located>,
  ): Json {
    const mapping: Record<string, Json> = Object.create(null);
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null;
      const key = isScalar(keyNode) && typeof keyNode.value === "string" ? keyNode.value : "";
      const keyOffset = keyNode?.range?.[0] ?? 0;
      const keyPath = [...path, key];
      const first = children.get(key);
      if (!isScalar(keyNode) || key === "") {
        this.#refuse(keyOffset, path, "a key is empty or not a text", "write `name: value`");
      } else if (keyNode.anchor !== undefined || keyNode.tag !== undefined) {
        this.#refuse(keyOffset, path, "a key has an anchor or tag", "write the key alone");
      } else if (REFUSED_KEYS.has(key)) {
        this.#refuse(keyOffset, keyPath, `\`${key}\` cannot be a key`, "choose another name");
      } else if (first !== undefined) {
        const message = `\`${keyText(key)}\` is given twice, first on line ${first.line}`;
        this.#refuse(keyOffset, keyPath, message, "keep one of the two");
      } else {
        const read = this.#read(pair.value as Node | null, keyPath, keyOffset);
        children.set(key, read.located);
        mapping[key] = read.value;
      }
    }
    return mapping;
  }
}
