import { DEFAULT_DLP, type Route } from "../../policy/egress/route.ts";
import { type DefinedContext, defineProvider, nodeUser } from "../define.ts";
import type { AgentProvider } from "../provider.ts";
import dockerfile from "./Dockerfile" with { type: "text" };
import { homeFiles, PROMPT_FILE } from "./home.ts";

type Context = DefinedContext<Record<never, never>>;

/** What the agent sees where its account's token would be; the proxy puts the real one in. */
const PLACEHOLDER = "egress-placeholder";

function apiRoute(authTokenEnv: string | undefined): Route {
  return {
    host: "api.anthropic.com",
    ...(authTokenEnv !== undefined && { auth: { scheme: "Bearer", tokenEnv: authTokenEnv } }),
    matches: [],
    gitFetch: false,
    allowPrivate: false,
    // What the model says is not what an outsider slipped in: the scan would cut its answers
    // whenever the work is about prompts.
    dlp: { ...DEFAULT_DLP, inboundDetectors: [] },
  };
}

function environment({ authTokenEnv, remoteControl }: Context): Record<string, string> {
  return {
    DISABLE_ERROR_REPORTING: "1",
    DISABLE_AUTOUPDATER: "1",
    CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: "1",
    // Remote control refuses to start while its feature flags cannot be fetched.
    ...(!remoteControl && { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" }),
    ...(authTokenEnv !== undefined && { CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER }),
  };
}

function commandLine(context: Context): string[] {
  const { settings, prompt, resume, remoteControl, label, headlessPrompt } = context;
  return [
    "claude",
    "--dangerously-skip-permissions",
    ...(resume ? ["--continue"] : []),
    ...(prompt === "" ? [] : ["--append-system-prompt-file", PROMPT_FILE]),
    ...(remoteControl ? [label ? `--remote-control=${label}` : "--remote-control"] : []),
    ...settings.startup_args,
    // "--" keeps a prompt that starts with a dash, or follows a list option, a prompt.
    ...(headlessPrompt === undefined ? [] : ["-p", "--", headlessPrompt]),
  ];
}

function notes({ authTokenEnv, remoteControl }: Context): string[] {
  return [
    ...(authTokenEnv === undefined
      ? [
        "claude has no account: set agent_provider.auth_token to the name of a variable that " +
        "holds the output of `claude setup-token`; logging in from inside the bottle cannot work",
      ]
      : []),
    ...(remoteControl
      ? ["claude's remote control needs a full login; a setup token only serves for inference"]
      : []),
  ];
}

/** Claude Code. */
const claude: AgentProvider = defineProvider({
  name: "claude",
  description: "Claude Code, Anthropic's coding agent",
  user: nodeUser,
  skillsDirectory: `${nodeUser.home}/.claude/skills`,
  dockerfile,
  credentials: ["auth_token"],
  provision: (context) => ({
    routes: [apiRoute(context.authTokenEnv)],
    env: environment(context),
    files: homeFiles(context),
    argv: commandLine(context),
    notes: notes(context),
  }),
});

export default claude;
