import { join } from "node:path";
import { promptFor } from "../doubles/models/job.ts";

/** Host names that stand for the services of each agent; every one leads to the double. */
export const SERVICE_HOSTS: readonly string[] = Object.freeze([
  "api.anthropic.com",
  "api.openai.com",
  "chatgpt.com",
  "*.chatgpt.com",
  "github.com",
  "api.github.com",
  "registry.npmjs.org",
  "raw.githubusercontent.com",
  "pi.dev",
]);

/** Where an agent runs, and what it may reach. */
export interface AgentPlace {
  /** `node_modules` with the pinned agents. */
  readonly packages: string;
  readonly home: string;
  readonly workspace: string;
  readonly proxy: { readonly port: number; readonly caFile: string };
}

/** One real agent in one configuration. */
export interface RealAgent {
  readonly name: string;
  /** Host that its model answers on. */
  readonly modelHost: string;
  /** Bytes that its requests of both sessions have at least: the conversation is long. */
  readonly leastBytes: number;
  /** Writes the agent's own settings into its home. */
  configure(place: AgentPlace): Promise<void>;
  /** Command line and environment of one session; a resumed one goes on with the last. */
  command(place: AgentPlace, session: Session): {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
}

export interface Session {
  readonly job: string;
  readonly resumed: boolean;
}

/** What the agent sees where its key would be. */
const PLACEHOLDER = "egress-placeholder";

const ARCHITECTURE = Deno.build.arch === "aarch64" ? "arm64" : "x64";

async function writeHome(place: AgentPlace, path: string, text: string): Promise<void> {
  const file = join(place.home, path);
  await Deno.mkdir(join(file, ".."), { recursive: true });
  await Deno.writeTextFile(file, text);
}

const claude: RealAgent = {
  name: "Claude Code",
  modelHost: "api.anthropic.com",
  leastBytes: 3_000_000,
  configure: () => Promise.resolve(),
  command: ({ packages }, { job, resumed }) => ({
    argv: [
      join(packages, `@anthropic-ai/claude-code-linux-${ARCHITECTURE}/claude`),
      "--dangerously-skip-permissions",
      ...(resumed ? ["--continue"] : []),
      ...["-p", "--", promptFor(job)],
    ],
    env: {
      CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
      // It refuses to skip permissions as root elsewhere than in a sandbox.
      IS_SANDBOX: "1",
    },
  }),
};

/** Codex speaks over a WebSocket when it can; `transport` says which of the two is tried. */
function codex(transport: "WebSocket" | "POST"): RealAgent {
  const target = ARCHITECTURE === "x64" ? "x86_64" : "aarch64";
  const binary =
    `@openai/codex-linux-${ARCHITECTURE}/vendor/${target}-unknown-linux-musl/bin/codex`;
  const provider = [
    'model_provider = "posting"',
    "[model_providers.posting]",
    'name = "OpenAI by POST"',
    'base_url = "https://api.openai.com/v1"',
    'wire_api = "responses"',
    'env_key = "OPENAI_API_KEY"',
    "supports_websockets = false",
  ];
  return {
    name: `Codex by ${transport}`,
    modelHost: "api.openai.com",
    // Over a WebSocket only what is new is sent.
    leastBytes: transport === "POST" ? 3_000_000 : 500_000,
    configure: (place) =>
      writeHome(
        place,
        ".codex/config.toml",
        [
          "check_for_update_on_startup = false",
          ...(transport === "POST" ? provider : []),
          `[projects."${place.workspace}"]`,
          'trust_level = "trusted"',
          "[analytics]",
          "enabled = false",
          "",
        ].join("\n"),
      ),
    command: ({ packages }, { job, resumed }) => ({
      argv: [
        join(packages, binary),
        "exec",
        "--dangerously-bypass-approvals-and-sandbox",
        ...(resumed ? ["resume", "--last"] : []),
        promptFor(job),
      ],
      env: { OPENAI_API_KEY: PLACEHOLDER, CODEX_API_KEY: PLACEHOLDER },
    }),
  };
}

/** pi can speak each of the APIs. */
function pi(api: "anthropic-messages" | "openai-responses" | "openai-completions"): RealAgent {
  const modelHost = api === "anthropic-messages" ? "api.anthropic.com" : "api.openai.com";
  const baseUrl = `https://${modelHost}${api === "anthropic-messages" ? "" : "/v1"}`;
  const models = [{
    id: "stand-in",
    contextWindow: 1_000_000,
    maxTokens: 4096,
    input: ["text", "image"],
  }];
  const provider = { baseUrl, api, apiKey: PLACEHOLDER, models };
  return {
    name: `pi with ${api}`,
    modelHost,
    leastBytes: 3_000_000,
    configure: (place) =>
      writeHome(
        place,
        ".pi/agent/models.json",
        JSON.stringify({ providers: { scripted: provider } }),
      ),
    command: ({ packages }, { job, resumed }) => ({
      argv: [
        join(packages, `node-linux-${ARCHITECTURE}/bin/node`),
        join(packages, "@earendil-works/pi-coding-agent/dist/bundle/cli.js"),
        ...["--models", "scripted/stand-in"],
        ...(resumed ? ["--continue"] : []),
        ...["-p", promptFor(job)],
      ],
      env: { PI_TELEMETRY: "0", PI_SKIP_VERSION_CHECK: "1" },
    }),
  };
}

/** Every agent and way of speaking that the sessions are held with. */
export const REAL_AGENTS: readonly RealAgent[] = Object.freeze([
  claude,
  codex("WebSocket"),
  codex("POST"),
  pi("anthropic-messages"),
  pi("openai-responses"),
  pi("openai-completions"),
]);

/** What an agent's session came to. */
export interface SessionResult {
  readonly code: number;
  readonly output: string;
}

/** Runs one session of an agent as this account, with nothing but the proxy to speak to. */
export async function runSession(
  agent: RealAgent,
  place: AgentPlace,
  session: Session,
): Promise<SessionResult> {
  const { argv: [program = "", ...args], env } = agent.command(place, session);
  const proxy = `http://127.0.0.1:${place.proxy.port}`;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: place.workspace,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      HOME: place.home,
      LANG: "C.UTF-8",
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      http_proxy: proxy,
      https_proxy: proxy,
      NODE_EXTRA_CA_CERTS: place.proxy.caFile,
      SSL_CERT_FILE: place.proxy.caFile,
      CODEX_CA_CERTIFICATE: place.proxy.caFile,
      ...env,
    },
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}
