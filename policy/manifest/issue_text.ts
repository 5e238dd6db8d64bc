import type * as v from "valibot";
import type { KeyPath } from "./diagnostic.ts";
import { nearest } from "./nearest.ts";

/** What an author is told. */
interface Words {
  readonly message: string;
  readonly hint: string;
}

/** Joins a message and its hint into the one text that a schema can carry. */
export function because(message: string, hint: string): string {
  return `${message}\n${hint}`;
}

/** Takes apart what {@linkcode because} joined; undefined for any other text. */
export function splitMessage(text: string): Words | undefined {
  const end = text.indexOf("\n");
  return end < 0 ? undefined : { message: text.slice(0, end), hint: text.slice(end + 1) };
}

/** How each form of value is called, and how it is written. */
const FORMS: ReadonlyMap<string, readonly [name: string, hint: string]> = new Map([
  ["string", ["a text", "write a text; put quotes around one that looks like a number"]],
  ["number", ["a number", "write a number without quotes"]],
  ["boolean", ["true or false", "write true or false, without quotes"]],
  ["Array", ["a list", "write a list: [a, b], or lines that begin with `- `"]],
  ["Object", ["a mapping", "write `key: value` lines, indented below this key"]],
]);

/** What is said about a list in the place of a mapping. */
export const LIST_FOR_MAPPING: Words = Object.freeze({
  message: "expected a mapping, not a list",
  hint: "write `key: value` lines, indented below this key",
});

/** Hints for checks that say what is wrong but not what is right, by the key they stand at. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ["host", "write a name, `*.` before a name, or an IP address; `:port` may follow"],
  ["paths", "write a path that begins with `/`, or a regex in RE2 syntax with `type: regex`"],
  ["methods", "write methods in capitals, e.g. [GET, POST]"],
  ["headers", "write { name: X-Name, value: text }, with `type: regex` for RE2 syntax"],
  ["matches", "name paths, methods or headers, or leave `matches` out to allow all of them"],
]);

/** Says what an issue of any schema means, without repeating the value it is about. */
export function describeIssue(issue: v.BaseIssue<unknown>, path: KeyPath): Words {
  const own = splitMessage(issue.message);
  if (own !== undefined) return own;
  if (issue.kind !== "schema") {
    return { message: issue.message, hint: hintFor(path) ?? "correct this value" };
  }
  if (issue.input === undefined) {
    const hint = hintFor(path) ?? "add the key";
    return { message: "this key is missing", hint };
  }
  const expected = choices(issue.expected ?? "");
  const received = formOf(issue.input);
  if (received === "nothing") {
    const hint = "give it a value, or remove the key";
    return { message: `has no value, expected ${expected.map(nameOf).join(" or ")}`, hint };
  }
  const message = `expected ${listed(expected)}, not ${received}`;
  const guess = typeof issue.input === "string" ? nearest(issue.input, expected) : undefined;
  if (guess !== undefined && !FORMS.has(guess)) return { message, hint: `did you mean ${guess}?` };
  const hint = FORMS.get(expected.at(-1) ?? "")?.[1] ?? "choose one of these";
  return { message, hint: hintFor(path) ?? hint };
}

/** The hint of the nearest key that has one, going up no further than a list item's parts. */
function hintFor(path: KeyPath): string | undefined {
  const keys = path.filter((part) => typeof part === "string").slice(-2).reverse();
  return keys.map((key) => HINTS.get(key)).find((hint) => hint !== undefined);
}

/** Takes valibot's `("a" | "b")` apart. */
function choices(expected: string): readonly string[] {
  const bare = expected.startsWith("(") ? expected.slice(1, -1) : expected;
  return bare.split(" | ").map((each) => each.replace(/^"(.*)"$/, "$1"));
}

function nameOf(form: string): string {
  return FORMS.get(form)?.[0] ?? form;
}

function listed(expected: readonly string[]): string {
  const names = expected.map(nameOf);
  const isChoice = expected.length > 1 && expected.every((each) => !FORMS.has(each));
  return isChoice ? `one of ${names.join(", ")}` : names.join(" or ");
}

function formOf(input: unknown): string {
  if (input === null) return "nothing";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a mapping";
  if (typeof input === "boolean") return "true or false";
  return typeof input === "number" ? "a number" : "this text";
}
