import * as v from "valibot";
import type { Json } from "../json.ts";
import type { KeyPath } from "./diagnostic.ts";

/** What a mapping's schema says about keys besides those it has. */
export interface TableNotes {
  /** Keys that used to be allowed, or belong elsewhere, and what to do instead. */
  readonly moved?: Readonly<Record<string, string>>;
  /** Keys that are accepted and ignored; not listed among the allowed ones. */
  readonly ignored?: readonly string[];
}

/** Any valibot schema, with the members of the kinds that manifests use. */
interface AnySchema {
  readonly type: string;
  readonly pipe?: readonly unknown[];
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly wrapped?: AnySchema;
  readonly item?: AnySchema;
  readonly value?: AnySchema;
  readonly options?: readonly AnySchema[];
  readonly key?: unknown;
}

/** A key that the schema of its mapping does not have. */
export interface UnknownKey {
  readonly path: KeyPath;
  readonly key: string;
  /** What the mapping's keys may be, without ignored ones. */
  readonly allowed: readonly string[];
  /** What to do, when the key is known to have gone or to belong elsewhere. */
  readonly moved?: string;
}

/** Attaches notes to a mapping's schema. */
export function tableNotes<T>(
  notes: TableNotes,
): v.MetadataAction<T, TableNotes & { [x: string]: unknown }> {
  return v.metadata({ ...notes });
}

/** What the schemas of valibot let pass. */
export interface ShapeFaults {
  /** All of them, at every depth, in the order of the file. */
  readonly unknownKeys: readonly UnknownKey[];
  /** Paths of lists that stand where a mapping is expected. */
  readonly lists: readonly KeyPath[];
}

/**
 * Finds what valibot does not: all unknown keys (it stops at the first of each mapping, and takes
 * `toString` for a key that it knows), and lists in the place of mappings.
 */
export function shapeFaults(schema: v.GenericSchema, data: Json): ShapeFaults {
  const found: Found = { unknownKeys: [], lists: [] };
  walk(schema as unknown as AnySchema, { data, path: [] }, found);
  return found;
}

interface Found {
  readonly unknownKeys: UnknownKey[];
  readonly lists: KeyPath[];
}

function walk(schema: AnySchema, at: { data: Json; path: KeyPath }, found: Found): void {
  const { data, path } = at;
  if (schema.wrapped !== undefined) return walk(schema.wrapped, at, found);
  if (schema.options !== undefined && schema.type !== "picklist") {
    const option = chooseOption(schema, data);
    return option === undefined ? undefined : walk(option, at, found);
  }
  if (isList(data)) {
    if (schema.entries !== undefined || schema.value !== undefined) found.lists.push(path);
    if (schema.item === undefined) return;
    for (const [index, item] of data.entries()) {
      walk(schema.item, { data: item, path: [...path, index] }, found);
    }
    return;
  }
  if (data === null || typeof data !== "object") return;
  const { entries, value } = schema;
  for (const [key, child] of Object.entries(data)) {
    const childPath = [...path, key];
    const childSchema = entries === undefined ? value : own(entries, key);
    if (childSchema !== undefined) walk(childSchema, { data: child, path: childPath }, found);
    else if (entries !== undefined) found.unknownKeys.push(describe(schema, key, childPath));
  }
}

function describe(schema: AnySchema, key: string, path: KeyPath): UnknownKey {
  const notes = notesOf(schema);
  const ignored = new Set(notes.ignored);
  const allowed = Object.keys(schema.entries ?? {}).filter((name) => !ignored.has(name));
  const moved = notes.moved === undefined ? undefined : own(notes.moved, key);
  return moved === undefined ? { path, key, allowed } : { path, key, allowed, moved };
}

function notesOf(schema: AnySchema): TableNotes {
  return v.getMetadata(schema as unknown as v.GenericSchema) as TableNotes;
}

/** The alternative of a union that data of this form is meant for. */
function chooseOption(schema: AnySchema, data: Json): AnySchema | undefined {
  const options = schema.options ?? [];
  if (data === null || typeof data !== "object") return undefined;
  if (isList(data)) return options.find((option) => option.item !== undefined);
  const mappings = options.filter((option) => option.entries !== undefined);
  if (typeof schema.key !== "string") return mappings[0];
  const discriminator = schema.key;
  const chosen = own(data, discriminator);
  return mappings.find((option) => {
    const literal = option.entries?.[discriminator] as { literal?: unknown } | undefined;
    return literal !== undefined && literal.literal === chosen;
  });
}

function isList(data: Json): data is readonly Json[] {
  return Array.isArray(data);
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
