import * as v from "valibot";
import { type Diagnostic, type KeyPath, keyText, ManifestError } from "./diagnostic.ts";
import { type Frontmatter, placeOf } from "./frontmatter.ts";
import { describeIssue, LIST_FOR_MAPPING, splitMessage } from "./issue_text.ts";
import { nearest } from "./nearest.ts";
import { shapeFaults, type UnknownKey } from "./schema_walk.ts";

/**
 * Checks a frontmatter against a schema. Throws {@linkcode ManifestError} with everything that is
 * wrong, at most one diagnostic for each place, in the order of the file.
 */
export function checkFrontmatter<S extends v.GenericSchema>(
  schema: S,
  frontmatter: Frontmatter,
): v.InferOutput<S> {
  const diagnostics = new Map<string, Diagnostic>();
  const note = (path: KeyPath, text: { message: string; hint: string }): void => {
    const id = JSON.stringify(path);
    if (!diagnostics.has(id)) diagnostics.set(id, { ...placeOf(frontmatter, path), ...text });
  };
  const faults = shapeFaults(schema, frontmatter.data);
  for (const path of faults.lists) note(path, LIST_FOR_MAPPING);
  for (const unknown of faults.unknownKeys) note(unknown.path, describeUnknown(unknown));
  const result = v.safeParse(schema, frontmatter.data);
  for (const issue of result.issues ?? []) {
    for (const leaf of leaves(issue)) {
      const inList = faults.lists.some((path) => isBelow(leaf.path, path));
      if (!inList && !isUnknownKey(leaf.issue)) {
        note(leaf.path, describeIssue(leaf.issue, leaf.path));
      }
    }
  }
  if (diagnostics.size > 0 || !result.success) {
    throw new ManifestError([...diagnostics.values()].sort(inFileOrder));
  }
  return result.output;
}

/** What is said about a key that no schema has. */
export function describeUnknown(
  unknown: Pick<UnknownKey, "key" | "allowed" | "moved">,
): { message: string; hint: string } {
  const { key, allowed, moved } = unknown;
  const shown = keyText(key);
  if (moved !== undefined) return { message: `\`${shown}\` is not a key here`, hint: moved };
  const guess = nearest(key, allowed);
  const allowedHere = allowed.length > 0 ? `allowed here: ${allowed.join(", ")}` : "";
  const question = guess === undefined ? "" : `did you mean \`${guess}\`? `;
  return { message: `\`${shown}\` is not a known key`, hint: `${question}${allowedHere}` };
}

function isBelow(path: KeyPath, above: KeyPath): boolean {
  return above.every((part, index) => path[index] === part);
}

/** Unknown keys are found by our own walk, which sees all of them. */
function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never";
}

/** A union's issue stands for those of the alternative that got furthest. */
function leaves(
  issue: v.BaseIssue<unknown>,
  above: KeyPath = [],
): readonly { issue: v.BaseIssue<unknown>; path: KeyPath }[] {
  const path = [...above, ...pathOf(issue)];
  const inner = (issue.issues ?? []).flatMap((each) => leaves(each, path));
  const deepest = Math.max(path.length, ...inner.map((each) => each.path.length));
  const furthest = inner.filter((each) => each.path.length === deepest);
  const reached = inner.filter((each) => splitMessage(each.issue.message) !== undefined);
  if (deepest > path.length) return furthest;
  return issue.type === "union" && reached.length > 0 ? reached : [{ issue, path }];
}

function pathOf(issue: v.BaseIssue<unknown>): KeyPath {
  return (issue.path ?? []).flatMap((item) => {
    return typeof item.key === "string" || typeof item.key === "number" ? [item.key] : [];
  });
}

function inFileOrder(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column;
}
