import { join } from "node:path";
import { createTestAuthority } from "../doubles/tls.ts";
import { type ModelServer, startModelServer } from "../doubles/models/server.ts";
import { type RunningProxy, startProxy } from "../sidecar/proxy.ts";
import {
  type AgentPlace,
  type RealAgent,
  runSession,
  SERVICE_HOSTS,
  type SessionResult,
} from "./agents.ts";
import { installPackages } from "./install.ts";
import { jobsIn } from "./jobs.ts";
import { createWorkspace } from "./workspace.ts";

const HERE = import.meta.dirname ?? ".";
const AGENTS = join(HERE, "packages");
const LIBRARIES = join(HERE, "..", "corpora", "packages");

/** An agent, its project, the real proxy and the double behind it. */
export interface Stage extends AsyncDisposable {
  readonly model: ModelServer;
  readonly proxy: RunningProxy;
  readonly workspace: string;
  /** Folder for what the agent sent. */
  readonly recordings: string;
  /** Lets the agent do a job; a resumed session goes on with the conversation before. */
  run(job: string, options?: { readonly resumed: boolean }): Promise<SessionResult>;
}

/** `tokens` are the secrets that the proxy holds; the first two are put in for the models. */
export async function setStage(
  agent: RealAgent,
  tokens: Readonly<Record<string, string>>,
): Promise<Stage> {
  const [packages, libraries] = [await installPackages(AGENTS), await installPackages(LIBRARIES)];
  const folder = await Deno.makeTempDir({ prefix: "bot-bottle-agent-" });
  const workspace = join(folder, "work");
  const lockFile = join(LIBRARIES, "package-lock.json");
  await createWorkspace(workspace, { packages: libraries, lockFile });
  const authority = await createTestAuthority();
  const identity = await authority.issue("api.anthropic.com", ...SERVICE_HOSTS);
  const model = await startModelServer({ identity, jobs: jobsIn(workspace) });
  const proxy = await startProxy({
    routes: routesText(),
    tokens,
    upstreamCa: authority.certPem,
    extraHosts: pinned(model.port),
  });
  const place: AgentPlace = { packages, home: join(folder, "home"), workspace, proxy };
  await Deno.mkdir(place.home);
  await agent.configure(place);
  return {
    model,
    proxy,
    workspace,
    recordings: join(folder, "recordings"),
    run: (job, { resumed } = { resumed: false }) => runSession(agent, place, { job, resumed }),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function routesText(): string {
  const tokens: Readonly<Record<string, string>> = {
    "api.anthropic.com": "EGRESS_TOKEN_0",
    "api.openai.com": "EGRESS_TOKEN_1",
  };
  const routes = SERVICE_HOSTS.map((host) =>
    [
      `  - host: "${host}"`,
      ...(tokens[host] === undefined
        ? []
        : ["    auth_scheme: Bearer", `    token_env: ${tokens[host]}`]),
      "    dlp:",
      "      outbound_detectors: [token_patterns, known_secrets]",
      "      inbound_detectors: [naive_injection_detection]",
      "      outbound_on_match: block",
    ].join("\n")
  );
  return `log: 2\nroutes:\n${routes.join("\n")}\n`;
}

/** Wildcards cannot be pinned: the names below them that agents are known to ask for are. */
function pinned(port: number): { name: string; address: string; port: number }[] {
  const names = [...SERVICE_HOSTS.filter((host) => !host.startsWith("*.")), "ab.chatgpt.com"];
  return names.map((name) => ({ name, address: "127.0.0.1", port }));
}
