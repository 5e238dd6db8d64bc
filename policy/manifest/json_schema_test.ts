import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAgent } from "./agent.ts";
import { parseBottle } from "./bottle.ts";
import { AGENT_DESCRIPTIONS, BOTTLE_DESCRIPTIONS } from "./descriptions.ts";
import { ManifestError } from "./diagnostic.ts";
import { type JsonSchema, manifestJsonSchema, schemaPaths } from "./json_schema.ts";
import { keyTable } from "./reference.ts";

/** Does a value satisfy the part of JSON Schema that our schemas use? */
function accepts(schema: JsonSchema, value: unknown): boolean {
  const known = [
    ...["$schema", "title", "description", "type", "properties", "required", "items", "enum"],
    ...["additionalProperties", "propertyNames", "anyOf", "oneOf", "const", "pattern"],
    ...["minLength", "maxLength", "minItems", "maxItems"],
  ];
  for (const keyword of Object.keys(schema)) assert.ok(known.includes(keyword), keyword);
  const { type, anyOf, oneOf, enum: choices } = schema as Record<string, never>;
  if ("const" in schema && schema["const"] !== value) return false;
  if (choices !== undefined && !(choices as unknown[]).includes(value)) return false;
  for (const options of [anyOf, oneOf] as (JsonSchema[] | undefined)[]) {
    if (options !== undefined && !options.some((option) => accepts(option, value))) return false;
  }
  const actual = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  if (type !== undefined && type !== actual) return false;
  if (typeof value === "string") return acceptsText(schema, value);
  if (Array.isArray(value)) return acceptsList(schema, value);
  return actual === "object" ? acceptsMapping(schema, value as Record<string, unknown>) : true;
}

function acceptsText({ pattern, minLength, maxLength }: JsonSchema, text: string): boolean {
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test(text)) return false;
  return text.length >= Number(minLength ?? 0) && text.length <= Number(maxLength ?? Infinity);
}

function acceptsList({ items, minItems, maxItems }: JsonSchema, list: unknown[]): boolean {
  if (list.length < Number(minItems ?? 0) || list.length > Number(maxItems ?? Infinity)) {
    return false;
  }
  return list.every((item) => items === undefined || accepts(items as JsonSchema, item));
}

function acceptsMapping(schema: JsonSchema, mapping: Record<string, unknown>): boolean {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  if (!(required as string[]).every((key) => Object.hasOwn(mapping, key))) return false;
  return Object.entries(mapping).every(([key, value]) => {
    const own = properties as Record<string, JsonSchema>;
    if (propertyNames !== undefined && !accepts(propertyNames as JsonSchema, key)) return false;
    const property = Object.hasOwn(own, key) ? own[key] : undefined;
    if (property !== undefined) return accepts(property, value);
    if (additionalProperties === false) return false;
    return additionalProperties === undefined || additionalProperties === true ||
      accepts(additionalProperties as JsonSchema, value);
  });
}

function parses(kind: "bottle" | "agent", data: unknown): boolean {
  const bytes = new TextEncoder().encode(`---\n${JSON.stringify(data)}\n---\n`);
  try {
    (kind === "bottle" ? parseBottle : parseAgent)({ name: "x", file: "x.md" }, bytes);
    return true;
  } catch (error) {
    assert.ok(error instanceof ManifestError, String(error));
    return false;
  }
}

const BOTTLE = {
  extends: ["base"],
  env: { A: "b" },
  agent_provider: { template: "pi", settings: { a: [1] } },
  "git-gate": {
    user: { name: "Ada" },
    repos: { a: { url: "git@a.b:c", key: { provider: "static", path: "k" } } },
  },
  egress: {
    log: 1,
    routes: [{
      host: "a.b",
      auth: { scheme: "Bearer", token_ref: "T" },
      matches: [{ paths: [{ value: "/x" }], methods: ["GET"] }],
      git: { fetch: true },
      dlp: { outbound_detectors: false },
    }],
  },
};

Deno.test("every key of a bottle and an agent has a description, and no other does", () => {
  const kinds = [["bottle", BOTTLE_DESCRIPTIONS], ["agent", AGENT_DESCRIPTIONS]] as const;
  for (const [kind, descriptions] of kinds) {
    const paths = new Set<string>();
    for (const { path, schema } of schemaPaths(manifestJsonSchema(kind))) {
      assert.equal(typeof schema["description"], "string", `${kind}: ${path}`);
      if (!String(schema["description"]).endsWith("ignored here.")) paths.add(path);
    }
    assert.deepEqual([...paths].sort(), Object.keys(descriptions).sort());
  }
});

Deno.test("the schema is closed wherever the program is", () => {
  const schema = manifestJsonSchema("bottle");
  assert.equal(accepts(schema, BOTTLE), true);
  assert.equal(accepts(schema, { ...BOTTLE, volumes: [] }), false);
  assert.equal(accepts(schema, { egress: { rutes: [] } }), false);
  assert.equal(accepts(schema, { egress: { routes: [{}] } }), false);
  assert.equal(accepts(schema, { extends: "Not A Name" }), false);
  assert.equal(accepts(manifestJsonSchema("agent"), { bottle: "dev", tools: "Read" }), true);
  assert.equal(accepts(manifestJsonSchema("agent"), { env: {} }), false);
});

Deno.test("whatever the program accepts, the schema accepts", () => {
  const schema = manifestJsonSchema("bottle");
  const agent = manifestJsonSchema("agent");
  const value = fc.oneof(
    fc.constantFrom<unknown>("a", "", 1, 0, true, false, null, [], {}, ["a"], ["GET"], "/x"),
    fc.constantFrom<unknown>({ name: "A" }, { fetch: false }, [{ value: "/x" }], "block"),
  );
  const paths = [...schemaPaths(schema)].map(({ path }) => {
    return path.replaceAll("[]", ".0").replaceAll("*", "a").split(".");
  });
  fc.assert(
    fc.property(fc.constantFrom(...paths), value, (path, replacement) => {
      const data = structuredClone(BOTTLE) as Record<string, unknown>;
      put(data, path, replacement);
      if (parses("bottle", data)) assert.equal(accepts(schema, data), true, JSON.stringify(data));
    }),
    { numRuns: 2000 },
  );
  const key = fc.constantFrom("bottle", "skills", "git-gate", "tools", "name", "env", "x");
  fc.assert(fc.property(key, value, (name, replacement) => {
    const data = { [name]: replacement };
    if (parses("agent", data)) assert.equal(accepts(agent, data), true, JSON.stringify(data));
  }));
});

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = "", ...rest] = path;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  if (inner === null || typeof inner !== "object") target[key] = rest[0] === "0" ? [] : {};
  put(target[key] as Record<string, unknown>, rest, value);
}

Deno.test("the reference lists every key once, and says what it may be", () => {
  const table = keyTable("bottle");
  const keys = table.split("\n").slice(2).map((line) => line.split("`")[1]);
  assert.equal(new Set(keys).size, keys.length);
  assert.match(table, /\| `git-gate\.repos\.\*\.key\.provider` \| `static`, `gitea` \|/);
  assert.match(table, /\| `egress\.log` \| `0`, `1`, `2` \|/);
  assert.doesNotMatch(keyTable("agent"), /ignored here/);
});
