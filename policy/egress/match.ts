import type { CompiledEntry, CompiledHeader, CompiledPath, CompiledRoute } from "./compile.ts";
import { type Header, headerValues } from "./end_to_end.ts";
import type { Subject } from "./subject.ts";
import { excerpt } from "./verdict.ts";

/** Which alternative of a route matched, or why none did. */
export type MatchResult =
  | {
    readonly ok: true;
    /** Index of the alternative; absent when the route has none and so allows everything. */
    readonly entry?: number;
  }
  | { readonly ok: false; readonly failures: readonly string[] };

/** The most alternatives whose failure is told. */
const MAX_FAILURES = 10;

function describePath({ rule }: CompiledPath, path: string): string {
  if (rule.type === "regex") return `path ${path} does not match regex ${rule.value}`;
  if (rule.type === "exact") return `path ${path} is not ${rule.value}`;
  return `path ${path} is not under prefix ${rule.value}`;
}

function pathFailure(paths: readonly CompiledPath[], subject: Subject): string | undefined {
  const path = subject.paths.find((each) => !paths.some((rule) => rule.matches(each)));
  if (path === undefined) return undefined;
  if (paths.length === 0) return "its list of paths is empty";
  return paths.map((rule) => describePath(rule, excerpt(path))).join(", ");
}

function methodFailure(methods: ReadonlySet<string>, subject: Subject): string | undefined {
  const method = subject.methods.find((each) => !methods.has(each));
  if (method === undefined) return undefined;
  return `method ${excerpt(method)} is not one of ${[...methods].join(", ")}`;
}

function headerFailure(rule: CompiledHeader, headers: readonly Header[]): string | undefined {
  const { name, type, value } = rule.rule;
  const values = headerValues(headers, name);
  if (values.length === 0) return `header ${name} is absent`;
  if (values.every((each) => rule.matches(each))) return undefined;
  const wanted = type === "exact" ? "is not" : "does not match regex";
  return `header ${name} ${wanted} ${value}`;
}

/** Everything that keeps an alternative from matching; empty when it matches. */
function entryFailures(entry: CompiledEntry, subject: Subject): readonly string[] {
  const failures = [
    entry.paths && pathFailure(entry.paths, subject),
    entry.methods && methodFailure(entry.methods, subject),
    ...(entry.headers ?? []).map((rule) => headerFailure(rule, subject.headers)),
  ];
  return failures.filter((failure) => failure !== undefined);
}

/**
 * Step 4: does the request match an alternative of the route? Within one, all named kinds must
 * match: any of its paths, any of its methods, and each of its headers in every value that the
 * request has for it (a server may take the first, the last or all). A route without
 * alternatives matches everything.
 */
export function matchRoute(route: CompiledRoute, subject: Subject): MatchResult {
  if (route.entries.length === 0) return { ok: true };
  const failures: string[] = [];
  for (const [index, entry] of route.entries.entries()) {
    const found = entryFailures(entry, subject);
    if (found.length === 0) return { ok: true, entry: index };
    if (index < MAX_FAILURES) failures.push(`rule ${index + 1}: ${found.join("; ")}`);
  }
  const more = route.entries.length - MAX_FAILURES;
  if (more > 0) failures.push(`and ${more} more rules do not match`);
  return { ok: false, failures };
}
