import { type KeyPath, keyPathText, type Place } from "./diagnostic.ts";
import { placeIn } from "./frontmatter.ts";
import type { ResolvedProvider } from "./resolved.ts";

/**
 * Where a value of a bottle's `agent_provider` stands, so that a provider's own checks can name
 * file and line. The path begins with `agent_provider`; when nothing stands there, the place is
 * that of the nearest value above it, and the file as a whole when no bottle names a provider.
 */
export function placeInProvider(provider: ResolvedProvider, path: KeyPath): Place {
  const keyPath = keyPathText(path);
  const { origin, located } = provider;
  if (origin === undefined || located === undefined) {
    return { file: "agent_provider", line: 0, column: 0, keyPath };
  }
  return { file: origin.file, ...placeIn(located, path.slice(1)), keyPath };
}
