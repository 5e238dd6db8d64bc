import { type Header, headerValues } from "./end_to_end.ts";
import { canonicalTarget } from "./path.ts";

/**
 * Headers by which some servers let a request claim another method or path than its request line
 * has. A rule has to allow the claim as well, or it would be a way round the rule.
 */
const METHOD_CLAIMS = ["x-http-method-override", "x-http-method", "x-method-override"];
const PATH_CLAIMS = ["x-original-url", "x-rewrite-url", "x-original-uri"];

/** The sides of a request that rules look at. */
export interface Subject {
  /** Of the request line, then any that a header claims, which are in upper case. */
  readonly methods: readonly string[];
  /** Canonical; the request line's, then any that a header claims. */
  readonly paths: readonly string[];
  /** With its `?`; empty when there is none. */
  readonly query: string;
  /** End-to-end ones. */
  readonly headers: readonly Header[];
}

/** What rules see of a request; `undefined` when a claimed path has no canonical form. */
export function subjectOf(
  request: { readonly method: string; readonly path: string; readonly query: string },
  headers: readonly Header[],
): Subject | undefined {
  const methods = METHOD_CLAIMS.flatMap((name) => headerValues(headers, name));
  const claims = PATH_CLAIMS.flatMap((name) => headerValues(headers, name)).map(canonicalTarget);
  const paths: string[] = [];
  for (const claim of claims) {
    if (!claim.ok) return undefined;
    paths.push(claim.path);
  }
  return {
    methods: [request.method, ...methods.map((method) => method.toUpperCase())],
    paths: [request.path, ...paths],
    query: request.query,
    headers,
  };
}

/** Does a header of that lower-case name let a request claim another method or path? */
export function isClaim(lowerName: string): boolean {
  return METHOD_CLAIMS.includes(lowerName) || PATH_CLAIMS.includes(lowerName);
}
