import type { KeyPath, Place } from "./diagnostic.ts";
import { type Frontmatter, placeOf } from "./frontmatter.ts";

/** Where a value of a resolved manifest came from. */
export interface Origin extends Place {
  readonly kind: "agent" | "bottle";
  /** Name of that agent or bottle. */
  readonly name: string;
}

/** A value and where it came from. */
export interface Sourced<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** Makes the origins of one file's values. */
export function originsOf(
  frontmatter: Frontmatter,
  owner: Pick<Origin, "kind" | "name">,
): (...path: KeyPath) => Origin {
  return (...path) => ({ ...owner, ...placeOf(frontmatter, path) });
}
