import { AgentSchema } from "./agent_schema.ts";
import { toGitUser } from "./bottle.ts";
import { checkFrontmatter } from "./check.ts";
import { parseFrontmatter } from "./frontmatter.ts";
import type { GitUser } from "./layer.ts";
import { type Origin, originsOf, type Sourced } from "./origin.ts";

/** An agent's file, checked. */
export interface AgentManifest {
  readonly name: string;
  readonly file: string;
  /** The bottle that it runs in unless the launch names others. */
  readonly bottle?: Sourced<string>;
  readonly skills: readonly string[];
  readonly gitUser: GitUser;
  /** What the agent is told; empty for nothing. */
  readonly prompt: string;
  readonly origin: Origin;
}

/**
 * Reads the file of an agent. `file` is the name that messages show. Throws
 * {@linkcode ManifestError} with everything that is wrong in it.
 */
export function parseAgent(
  source: { readonly name: string; readonly file: string },
  bytes: Uint8Array,
): AgentManifest {
  const frontmatter = parseFrontmatter(source.file, bytes);
  const raw = checkFrontmatter(AgentSchema, frontmatter);
  const at = originsOf(frontmatter, { kind: "agent", name: source.name });
  return {
    ...source,
    ...(raw.bottle !== undefined && { bottle: { value: raw.bottle, origin: at("bottle") } }),
    skills: raw.skills ?? [],
    gitUser: toGitUser(raw["git-gate"]?.user, at),
    prompt: frontmatter.body,
    origin: at(),
  };
}
