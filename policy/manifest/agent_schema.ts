import * as v from "valibot";
import { AgentGitGateSchema } from "./git_gate.ts";
import { because } from "./issue_text.ts";
import { NameSchema } from "./names.ts";
import { tableNotes } from "./schema_walk.ts";

/** Frontmatter keys of Claude Code's own agents, so that one file can serve both programs. */
export const CLAUDE_CODE_KEYS = Object.freeze(
  [
    "name",
    "description",
    "model",
    "tools",
    "disallowedTools",
    "color",
    "permissionMode",
    "maxTurns",
    "mcpServers",
    "hooks",
    "memory",
    "background",
    "effort",
    "isolation",
    "initialPrompt",
  ] as const,
);

type Ignored = Record<
  (typeof CLAUDE_CODE_KEYS)[number],
  v.ExactOptionalSchema<v.UnknownSchema, undefined>
>;

const IGNORED = Object.fromEntries(
  CLAUDE_CODE_KEYS.map((key) => [key, v.exactOptional(v.unknown())]),
) as Ignored;

const BOTTLE_ONLY = "this belongs to a bottle: move it to the file of the bottle";

/** The frontmatter of an agent. */
export const AgentSchema = v.pipe(
  v.strictObject({
    bottle: v.exactOptional(NameSchema),
    skills: v.exactOptional(v.pipe(
      v.array(NameSchema),
      v.maxLength(100, because("has more than 100 skills", "name those that the agent needs")),
      v.checkItems(
        (item, index, list) => list.indexOf(item) === index,
        because("is named twice", "keep one of the two"),
      ),
    )),
    "git-gate": v.exactOptional(AgentGitGateSchema),
    ...IGNORED,
  }),
  tableNotes({
    ignored: CLAUDE_CODE_KEYS,
    moved: {
      bottles: "write `bottle: NAME`; several are put together with `extends` or `--bottle`",
      env: BOTTLE_ONLY,
      egress: BOTTLE_ONLY,
      agent_provider: BOTTLE_ONLY,
      extends: BOTTLE_ONLY,
      runtime: "remove it: gVisor is detected and used by itself",
      ssh: "repositories belong to bottles: move it to the bottle's `git-gate: { repos: ... }`",
      git: "write `git-gate: { user: { name: ..., email: ... } }`",
      git_user: "write `git-gate: { user: { name: ..., email: ... } }`",
      supervise: "remove it: every bottle is supervised",
    },
  }),
);

export type RawAgent = v.InferOutput<typeof AgentSchema>;
