import type { BottleFile } from "../../policy/plan.ts";
import { nodeUser } from "../define.ts";
import type { ProviderContext } from "../provider.ts";
import { statusLine, theme } from "./appearance.ts";

const { home } = nodeUser;

/** Where the agent manifest's body lies; Claude Code reads it at each start. */
export const PROMPT_FILE = `${home}/.claude/bot-bottle/prompt.md`;
const STATUS_FILE = `${home}/.claude/bot-bottle/status-line`;
const THEME = "bot-bottle";

/**
 * What Claude Code would otherwise ask at its first start, answered. Imports from outside the
 * workspace in a repository's CLAUDE.md are answered with no: its author is not to be trusted.
 */
const ANSWERED = Object.freeze({
  hasTrustDialogAccepted: true,
  hasCompletedProjectOnboarding: true,
  hasClaudeMdExternalIncludesApproved: false,
  hasClaudeMdExternalIncludesWarningShown: true,
});

type HomeContext = Pick<
  ProviderContext,
  "workdir" | "prompt" | "label" | "color" | "superviseUrl"
>;

function state({ workdir, superviseUrl }: HomeContext): unknown {
  return {
    hasCompletedOnboarding: true,
    projects: { [home]: ANSWERED, [workdir]: ANSWERED },
    ...(superviseUrl !== undefined && {
      mcpServers: { supervise: { type: "http", url: superviseUrl } },
    }),
  };
}

function settings({ color }: HomeContext, hasStatusLine: boolean): unknown {
  return {
    skipDangerousModePermissionPrompt: true,
    ...(color !== undefined && { theme: `custom:${THEME}` }),
    ...(hasStatusLine && {
      statusLine: { type: "command", command: `cat ${STATUS_FILE}`, padding: 0 },
    }),
  };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

/** The files that Claude Code finds in its home: state, settings, prompt and appearance. */
export function homeFiles(context: HomeContext): readonly BottleFile[] {
  const { prompt, label, color } = context;
  const line = statusLine(label, color);
  const file = (path: string, content: string): BottleFile => {
    return { path, content, mode: 0o600, owner: "agent" };
  };
  return [
    file(`${home}/.claude.json`, json(state(context))),
    file(`${home}/.claude/settings.json`, json(settings(context, line !== ""))),
    ...(prompt === "" ? [] : [file(PROMPT_FILE, prompt)]),
    ...(line === "" ? [] : [file(STATUS_FILE, line)]),
    ...(color === undefined ? [] : [file(`${home}/.claude/themes/${THEME}.json`, theme(color))]),
  ];
}
