import type { CommandContext } from "../context.ts";
import { manifestJsonSchema } from "../../policy/manifest/json_schema.ts";

/** Prints the JSON Schema of a manifest's frontmatter. */
export function run(
  { terminal }: CommandContext,
  { kind }: { kind: "bottle" | "agent" },
): Promise<number> {
  terminal.json(manifestJsonSchema(kind));
  return Promise.resolve(0);
}
