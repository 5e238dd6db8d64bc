import { DEFAULT_DLP, type Route } from "../../policy/egress/route.ts";
import type { BottleFile } from "../../policy/plan.ts";
import { defineProvider, nodeUser } from "../define.ts";
import type { AgentProvider } from "../provider.ts";
import type { SettingFields } from "../settings.ts";
import attempts from "./agent/attempts.ts" with { type: "text" };
import limit from "./agent/limit.ts" with { type: "text" };
import main from "./agent/main.ts" with { type: "text" };
import packets from "./agent/packets.ts" with { type: "text" };
import report from "./agent/report.ts" with { type: "text" };
import surroundings from "./agent/surroundings.ts" with { type: "text" };
import web from "./agent/web.ts" with { type: "text" };
import dockerfile from "./Dockerfile" with { type: "text" };

const SOURCES = { attempts, limit, main, packets, report, surroundings, web };
const FOLDER = `${nodeUser.home}/demo`;

const SETTINGS = {
  allowed_host: {
    type: "string",
    description: "Host that the bottle may reach, as far as the demo's route goes",
    default: "demo.example",
  },
  forbidden_host: {
    type: "string",
    description: "Host that is on no route",
    default: "forbidden.example",
  },
  host_services: {
    type: "strings",
    description: "address:port of services that run on the host and must not be reached",
    default: [],
  },
} as const satisfies SettingFields;

/** Below /public, reading only; what else the agent tries there must be stopped. */
function route(host: string, authTokenEnv: string | undefined): Route {
  return {
    host,
    ...(authTokenEnv !== undefined && { auth: { scheme: "Bearer", tokenEnv: authTokenEnv } }),
    matches: [{ paths: [{ type: "prefix", value: "/public/" }], methods: ["GET"] }],
    gitFetch: false,
    allowPrivate: false,
    dlp: DEFAULT_DLP,
  };
}

function file(name: string, content: string): BottleFile {
  return { path: `${FOLDER}/${name}`, content, mode: 0o644, owner: "root" };
}

const FILES: readonly BottleFile[] = [
  file("package.json", '{ "type": "module" }\n'),
  ...Object.entries(SOURCES).map(([name, content]) => file(`${name}.ts`, content)),
];

/** A script that tries what a bottle must allow and what it must stop, and prints the verdicts. */
const demo: AgentProvider = defineProvider({
  name: "demo",
  description: "A script that tries to get out and tells what was stopped; needs no account",
  user: nodeUser,
  skillsDirectory: `${FOLDER}/skills`,
  dockerfile,
  credentials: ["auth_token"],
  settings: SETTINGS,
  provision: ({ settings, authTokenEnv }) => ({
    routes: [route(settings.allowed_host, authTokenEnv)],
    files: FILES,
    argv: [
      "node",
      // Node.js 22 runs TypeScript, the earlier ones of its releases only when told to.
      "--experimental-strip-types",
      "--disable-warning=ExperimentalWarning",
      `${FOLDER}/main.ts`,
      `--allowed=${settings.allowed_host}`,
      `--forbidden=${settings.forbidden_host}`,
      ...settings.host_services.map((service) => `--host-service=${service}`),
      ...settings.startup_args,
    ],
  }),
});

export default demo;
