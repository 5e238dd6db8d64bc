import type { Json } from "../policy/json.ts";
import type { SettingsIssue, SettingsResult } from "./provider.ts";

interface Described {
  /** One line for editors. */
  readonly description: string;
  readonly required?: true;
}

/** One key of a provider's `settings`: what it may hold and what it holds when left out. */
export type Setting =
  | Described & {
    readonly type: "string";
    readonly default?: string;
    /** The only values allowed. */
    readonly choices?: readonly string[];
  }
  | Described & {
    readonly type: "integer";
    readonly default?: number;
    readonly minimum?: number;
    readonly maximum?: number;
  }
  | Described & { readonly type: "boolean"; readonly default?: boolean }
  /** A list of non-empty strings. */
  | Described & { readonly type: "strings"; readonly default?: readonly string[] };

/** The keys of a provider's `settings`. */
export type SettingFields = Readonly<Record<string, Setting>>;

interface Held {
  readonly string: string;
  readonly integer: number;
  readonly boolean: boolean;
  readonly strings: readonly string[];
}

type Certain<F extends SettingFields> = {
  [K in keyof F]: F[K] extends { readonly default: unknown } | { readonly required: true } ? K
    : never;
}[keyof F];

/** The settings that {@linkcode SettingFields} describe, once checked and completed. */
export type SettingsOf<F extends SettingFields> =
  & { readonly [K in Certain<F>]: Held[F[K]["type"]] }
  & { readonly [K in Exclude<keyof F, Certain<F>>]?: Held[F[K]["type"]] };

/** The setting that every provider accepts. */
export const STARTUP_ARGS = Object.freeze({
  startup_args: Object.freeze({
    type: "strings",
    description: "Arguments added to the agent's command line",
    default: Object.freeze([]) as readonly string[],
  }),
}) satisfies SettingFields;

/** The most entries of a list, and the most characters of a string. */
const MAX_ENTRIES = 100;
const MAX_LENGTH = 8192;

/** Says what is wrong with a string, or nothing when it can stand in a file or argument list. */
function stringFault(value: Json): string | undefined {
  if (typeof value !== "string") return "must be text";
  if (value === "") return "must not be empty";
  if (value.includes("\0")) return "must not contain a NUL character";
  return value.length > MAX_LENGTH ? `must not be longer than ${MAX_LENGTH} characters` : undefined;
}

function integerFault(
  value: Json,
  { minimum, maximum }: { readonly minimum?: number; readonly maximum?: number },
): string | undefined {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return "must be a whole number";
  if (minimum !== undefined && value < minimum) return `must be at least ${minimum}`;
  return maximum !== undefined && value > maximum ? `must be at most ${maximum}` : undefined;
}

function choiceFault(value: Json, choices: readonly string[]): string | undefined {
  const known = typeof value === "string" && choices.includes(value);
  return known ? undefined : `must be one of ${choices.join(", ")}`;
}

function listIssues(key: string, value: Json): SettingsIssue[] {
  if (!Array.isArray(value)) return [{ path: [key], message: "must be a list of texts" }];
  if (value.length > MAX_ENTRIES) {
    return [{ path: [key], message: `must not have more than ${MAX_ENTRIES} entries` }];
  }
  return value.flatMap((entry: Json, index) => {
    const message = stringFault(entry);
    return message === undefined ? [] : [{ path: [key, String(index)], message }];
  });
}

function settingIssues(key: string, field: Setting, value: Json): SettingsIssue[] {
  if (field.type === "strings") return listIssues(key, value);
  const message = scalarFault(field, value);
  return message === undefined ? [] : [{ path: [key], message }];
}

function scalarFault(
  field: Exclude<Setting, { type: "strings" }>,
  value: Json,
): string | undefined {
  switch (field.type) {
    case "string":
      return field.choices ? choiceFault(value, field.choices) : stringFault(value);
    case "integer":
      return integerFault(value, field);
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
  }
}

/** Checks `settings` against `fields`, all issues at once, and fills in the defaults. */
export function parseSettings(
  fields: SettingFields,
  settings: Readonly<Record<string, Json>>,
): SettingsResult {
  const allowed = Object.keys(fields);
  const unknown = Object.keys(settings).filter((key) => !Object.hasOwn(fields, key))
    .map((key): SettingsIssue => ({ path: [key], message: "is not a setting", allowed }));
  const values: [string, Json][] = [];
  const issues = Object.entries(fields).flatMap(([key, field]): SettingsIssue[] => {
    const value = Object.hasOwn(settings, key) ? settings[key] : field.default;
    if (value === undefined) return field.required ? [{ path: [key], message: "is missing" }] : [];
    values.push([key, value]);
    return settingIssues(key, field, value);
  });
  const all = [...unknown, ...issues];
  return all.length > 0 ? { ok: false, issues: all } : {
    ok: true,
    value: Object.fromEntries(values),
  };
}

function fieldSchema(field: Setting): Record<string, Json> {
  const { description } = field;
  const fallback: Record<string, Json> = field.default === undefined
    ? {}
    : { default: field.default };
  switch (field.type) {
    case "strings":
      return { description, type: "array", items: { type: "string", minLength: 1 }, ...fallback };
    case "string":
      return {
        description,
        ...(field.choices ? { enum: field.choices } : { type: "string", minLength: 1 }),
        ...fallback,
      };
    case "integer":
      return {
        description,
        type: "integer",
        ...(field.minimum !== undefined && { minimum: field.minimum }),
        ...(field.maximum !== undefined && { maximum: field.maximum }),
        ...fallback,
      };
    case "boolean":
      return { description, type: "boolean", ...fallback };
  }
}

/** The JSON Schema (2020-12) that says the same as {@linkcode parseSettings}. */
export function settingsSchema(fields: SettingFields): Readonly<Record<string, Json>> {
  const required = Object.keys(fields).filter((key) => fields[key]?.required);
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(fields).map(([key, field]) => [key, fieldSchema(field)]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
