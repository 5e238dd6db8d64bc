import {
  type JsonSchema,
  manifestJsonSchema,
  type ManifestKind,
  schemaPaths,
} from "./json_schema.ts";

/**
 * The table of a manifest's keys as Markdown, one row for each key that people write: its path,
 * what it may be, and what it is for. Made from the JSON Schema, so it says what is checked.
 */
export function keyTable(kind: ManifestKind): string {
  const rows = new Map<string, { forms: Set<string>; text: string }>();
  for (const { path, schema } of schemaPaths(manifestJsonSchema(kind))) {
    const text = schema["description"];
    if (typeof text !== "string" || isIgnored(text) || path.endsWith("[]")) continue;
    const row = rows.get(path) ?? { forms: new Set(), text };
    rows.set(path, { ...row, forms: row.forms.add(formOf(schema)) });
  }
  const lines = [...rows].map(([path, { forms, text }]) => {
    return `| \`${path}\` | ${cell([...forms].join(", "))} | ${cell(text)} |`;
  });
  return ["| key | form | meaning |", "|---|---|---|", ...lines].join("\n");
}

function isIgnored(description: string): boolean {
  return description.endsWith("ignored here.");
}

/** What a value may be, in a few words. */
function formOf(schema: JsonSchema): string {
  const { type, enum: choices, const: only, items } = schema;
  if (only !== undefined) return only === false ? "`false`" : `\`${String(only)}\``;
  if (Array.isArray(choices)) return choices.map((each) => `\`${String(each)}\``).join(", ");
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(options)) {
    return [...new Set(options.map((each) => formOf(each as JsonSchema)))].join(" or ");
  }
  if (type === "array") return listForm(items as JsonSchema | undefined);
  return FORMS.get(String(type)) ?? "anything";
}

function listForm(items: JsonSchema | undefined): string {
  const form = items === undefined ? "" : formOf(items);
  if (form.includes("`")) return `list of ${form}`;
  return form === "mapping" ? "list of mappings" : "list of texts";
}

const FORMS: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["boolean", "`true`, `false`"],
  ["number", "number"],
  ["object", "mapping"],
]);

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
