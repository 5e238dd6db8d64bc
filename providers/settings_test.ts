import assert from "node:assert/strict";
import { parseSettings, type SettingFields, settingsSchema, STARTUP_ARGS } from "./settings.ts";

const FIELDS = {
  model: { type: "string", description: "Model", required: true },
  api: { type: "string", description: "API", choices: ["chat", "messages"], default: "chat" },
  tokens: { type: "integer", description: "Tokens", minimum: 1, maximum: 10, default: 4 },
  reasoning: { type: "boolean", description: "Reasoning" },
  ...STARTUP_ARGS,
} as const satisfies SettingFields;

Deno.test("settings that are left out get their defaults, or stay out", () => {
  assert.deepEqual(parseSettings(FIELDS, { model: "m" }), {
    ok: true,
    value: { model: "m", api: "chat", tokens: 4, "startup_args": [] },
  });
});

Deno.test("every issue is told at once, each with its path", () => {
  const parsed = parseSettings(FIELDS, {
    modle: "m",
    api: "soap",
    tokens: 1.5,
    reasoning: "yes",
    "startup_args": ["--fine", "", 3],
  });
  assert.deepEqual(parsed, {
    ok: false,
    issues: [
      { path: ["modle"], message: "is not a setting", allowed: Object.keys(FIELDS) },
      { path: ["model"], message: "is missing" },
      { path: ["api"], message: "must be one of chat, messages" },
      { path: ["tokens"], message: "must be a whole number" },
      { path: ["reasoning"], message: "must be true or false" },
      { path: ["startup_args", "1"], message: "must not be empty" },
      { path: ["startup_args", "2"], message: "must be text" },
    ],
  });
});

Deno.test("bounds of numbers, lists and texts hold", () => {
  const issue = (settings: Parameters<typeof parseSettings>[1]): string | undefined => {
    const parsed = parseSettings(FIELDS, { model: "m", ...settings });
    return parsed.ok ? undefined : parsed.issues[0]?.message;
  };
  assert.equal(issue({ tokens: 0 }), "must be at least 1");
  assert.equal(issue({ tokens: 11 }), "must be at most 10");
  assert.match(issue({ "startup_args": Array(101).fill("a") }) ?? "", /more than 100/);
  assert.match(issue({ model: "a\0b" }) ?? "", /NUL/);
  assert.match(issue({ model: "a".repeat(9000) }) ?? "", /longer/);
  assert.equal(issue({ "startup_args": "--one" }), "must be a list of texts");
  assert.equal(issue({ model: null }), "must be text");
});

Deno.test("names from Object's prototype are unknown settings, not values", () => {
  for (const key of ["constructor", "toString", "hasOwnProperty"]) {
    assert.equal(parseSettings(FIELDS, { model: "m", [key]: "x" }).ok, false);
  }
  const hostile = JSON.parse('{ "model": "m", "__proto__": { "tokens": 2 } }');
  assert.equal(parseSettings(FIELDS, hostile).ok, false);
});

Deno.test("the schema says what the check does", () => {
  assert.deepEqual(settingsSchema(FIELDS), {
    type: "object",
    properties: {
      model: { description: "Model", type: "string", minLength: 1 },
      api: { description: "API", enum: ["chat", "messages"], default: "chat" },
      tokens: { description: "Tokens", type: "integer", minimum: 1, maximum: 10, default: 4 },
      reasoning: { description: "Reasoning", type: "boolean" },
      "startup_args": {
        description: "Arguments added to the agent's command line",
        type: "array",
        items: { type: "string", minLength: 1 },
        default: [],
      },
    },
    required: ["model"],
    additionalProperties: false,
  });
});
