import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Json } from "../json.ts";

/** Where something stands in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The keys and list indexes that lead from the top of a document to a value. */
export type KeyPath = readonly (string | number)[];

/** What is wrong with a document, and where. */
export interface YamlIssue extends Position {
  /** E.g. `routes[0].host`; empty for the document itself. */
  readonly keyPath: string;
  readonly message: string;
  readonly hint?: string;
}

/** A document as plain data, with a position for every value. */
export interface YamlDocument {
  readonly value: Json;
  /** The position of the value at `path`, or of the nearest one that contains it. */
  positionOf(path: KeyPath): Position;
}

/** What {@linkcode parseStrictYaml} refuses to go beyond. */
export interface YamlLimits {
  /** Characters. */
  readonly maxLength: number;
  /** Lists and maps inside one another. */
  readonly maxDepth: number;
}

const TOO_DEEP = "it is nested too deeply";

const START: Position = Object.freeze({ line: 1, column: 1 });

/** Writes a key path as people read it: `routes[0].host`. */
export function formatKeyPath(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** A refusal on the way through a document; caught by {@linkcode parseStrictYaml} alone. */
class Refused extends Error {
  readonly path: KeyPath;
  readonly offset: number;

  constructor(message: string, path: KeyPath, offset: number) {
    super(message);
    this.path = path;
    this.offset = offset;
  }
}

/** Turns the library's nodes into plain data, refusing whatever is not plain. */
class Walk {
  readonly offsets = new Map<string, number>();
  readonly #maxDepth: number;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  value(node: unknown, path: KeyPath, offset: number): Json {
    if (node === null || node === undefined) return null;
    const at = (node as Node).range?.[0] ?? offset;
    this.offsets.set(JSON.stringify(path), at);
    if (isAlias(node)) throw new Refused("an alias (*name) is not accepted", path, at);
    if (path.length > this.#maxDepth) throw new Refused(TOO_DEEP, path, at);
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) {
        throw new Refused("an anchor (&name) is not accepted", path, at);
      }
      if (node.tag !== undefined) throw new Refused("a tag (!name) is not accepted", path, at);
    }
    if (isScalar(node)) return this.#scalar(node.value, path, at);
    if (isSeq(node)) return node.items.map((item, index) => this.value(item, [...path, index], at));
    if (isMap(node)) return this.#map(node.items, path, at);
    throw new Refused("it is neither a value, a list nor a map", path, at);
  }

  #scalar(value: unknown, path: KeyPath, at: number): Json {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw new Refused("it is not a plain value", path, at);
  }

  #map(pairs: readonly { key: unknown; value: unknown }[], path: KeyPath, offset: number): Json {
    const entries = new Map<string, Json>();
    for (const { key, value } of pairs) {
      const at = isScalar(key) ? key.range?.[0] ?? offset : offset;
      if (!isScalar(key) || typeof key.value !== "string" || key.anchor || key.tag) {
        throw new Refused("a key that is not plain text is not accepted", path, at);
      }
      const here = [...path, key.value];
      if (entries.has(key.value)) throw new Refused("the key stands here twice", here, at);
      entries.set(key.value, this.value(value, here, at));
      // Of a value with a key the key is what people look for.
      this.offsets.set(JSON.stringify(here), at);
    }
    return Object.fromEntries(entries);
  }
}

function linePosition(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return line < 1 ? START : { line, column: col };
}

function build(text: string, limits: YamlLimits, lines: LineCounter): YamlDocument | YamlIssue {
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    strict: true,
    merge: false,
    // Checked in Walk: the library compares every pair of keys.
    uniqueKeys: false,
    prettyErrors: false,
    // "silent" would also keep a second document silent.
    logLevel: "error",
    lineCounter: lines,
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const message = fault.code === "RESOURCE_EXHAUSTION" ? TOO_DEEP : fault.message;
    return { ...linePosition(lines, fault.pos[0]), keyPath: "", message };
  }
  const { yaml, tags } = document.directives;
  if (yaml.explicit || Object.keys(tags).length > 1) {
    return { ...START, keyPath: "", message: "a directive (%NAME) is not accepted" };
  }
  const walk = new Walk(limits.maxDepth);
  const value = walk.value(document.contents, [], 0);
  const positionOf = (path: KeyPath): Position => {
    for (let length = path.length; length >= 0; length--) {
      const offset = walk.offsets.get(JSON.stringify(path.slice(0, length)));
      if (offset !== undefined) return linePosition(lines, offset);
    }
    return START;
  };
  return { value, positionOf };
}

/**
 * Parses one YAML 1.2 document (core schema) into plain data. Aliases, anchors, tags, repeated
 * keys, keys that are not text, several documents, and anything beyond the limits are refused.
 * Never throws.
 */
export function parseStrictYaml(
  text: string,
  limits: YamlLimits,
): { ok: true; document: YamlDocument } | { ok: false; issue: YamlIssue } {
  if (text.length > limits.maxLength) {
    const message = `it is longer than ${limits.maxLength} characters`;
    return { ok: false, issue: { ...START, keyPath: "", message } };
  }
  const lines = new LineCounter();
  try {
    const built = build(text, limits, lines);
    return "message" in built ? { ok: false, issue: built } : { ok: true, document: built };
  } catch (error) {
    if (error instanceof Refused) {
      const position = linePosition(lines, error.offset);
      const keyPath = formatKeyPath(error.path);
      return { ok: false, issue: { ...position, keyPath, message: error.message } };
    }
    // The library recurses: nesting without end exhausts the stack.
    const message = error instanceof RangeError ? TOO_DEEP : "it is not YAML";
    return { ok: false, issue: { ...START, keyPath: "", message } };
  }
}
