import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import type { Json } from "../json.ts";
import { AgentSchema, CLAUDE_CODE_KEYS } from "./agent_schema.ts";
import { BottleSchema } from "./bottle_schema.ts";
import { AGENT_DESCRIPTIONS, BOTTLE_DESCRIPTIONS, type Descriptions } from "./descriptions.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = { [key: string]: Json };

/** Which manifest a schema is of. */
export type ManifestKind = "bottle" | "agent";

/**
 * The JSON Schema (2020-12) of a manifest's frontmatter, made from the schema that checks it. It
 * accepts all that the program accepts, and some of what only the program can refuse (a host that
 * is none, a regular expression that does not compile).
 */
export function manifestJsonSchema(kind: ManifestKind): JsonSchema {
  const isBottle = kind === "bottle";
  const schema = isBottle ? convert(BottleSchema) : convert(AgentSchema);
  describe(schema, "", isBottle ? BOTTLE_DESCRIPTIONS : AGENT_DESCRIPTIONS);
  if (!isBottle) describeIgnored(schema);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: isBottle ? "bot-bottle: a bottle" : "bot-bottle: an agent",
    ...schema,
  };
}

function convert(schema: v.GenericSchema): JsonSchema {
  const converted: unknown = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    // What no JSON Schema can say: the program alone checks it.
    ignoreActions: ["check", "check_items", "raw_check", "metadata"],
  });
  return converted as JsonSchema;
}

/** Every place of a schema that has a path, with that path. Alternatives share one. */
export function* schemaPaths(
  schema: JsonSchema,
  path = "",
): Generator<{ readonly path: string; readonly schema: JsonSchema }> {
  if (path !== "") yield { path, schema };
  for (const [key, child] of Object.entries(mappingOf(schema["properties"]))) {
    yield* schemaPaths(mappingOf(child), path === "" ? key : `${path}.${key}`);
  }
  for (const keyword of ["anyOf", "oneOf"]) {
    const options = schema[keyword];
    if (!Array.isArray(options)) continue;
    for (const option of options) {
      for (const inner of schemaPaths(mappingOf(option), path)) {
        if (inner.path !== path) yield inner;
      }
    }
  }
  if (schema["items"] !== undefined) yield* schemaPaths(mappingOf(schema["items"]), `${path}[]`);
  const rest = mappingOf(schema["additionalProperties"]);
  if (Object.keys(rest).length > 0) yield* schemaPaths(rest, `${path}.*`);
}

function describe(schema: JsonSchema, path: string, descriptions: Descriptions): void {
  for (const place of schemaPaths(schema, path)) {
    const text = descriptions[place.path];
    if (text !== undefined) place.schema["description"] = text;
  }
}

function describeIgnored(schema: JsonSchema): void {
  const properties = mappingOf(schema["properties"]);
  for (const key of CLAUDE_CODE_KEYS) {
    mappingOf(properties[key])["description"] = "For Claude Code itself; ignored here.";
  }
}

function mappingOf(value: Json | undefined): JsonSchema {
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMapping ? value as JsonSchema : {};
}
