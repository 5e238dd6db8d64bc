import type { Backend, BackendContext, Bottle, Progress } from "../backends/backend.ts";
import { createDockerBackend } from "../backends/docker/mod.ts";
import type { BottlePlan } from "../policy/plan.ts";
import { Secret } from "../policy/secret.ts";

/** Secrets that the launch document carries; tests look for them where they must not be. */
export const CA_KEY = "ca-key-81f0c6a2d7";
export const TOKEN = "token-value-4be2970fd1";

/** Stands in for the sidecar: takes the launch document, says that it is ready, tells of signals. */
const STAND_IN = `
const net = require("node:net");
const fs = require("node:fs");
let text = "";
process.stdin.on("data", (chunk) => text += chunk);
process.stdin.on("end", async () => {
  const launch = JSON.parse(text);
  fs.mkdirSync("/etc/egress", { recursive: true });
  fs.writeFileSync("/etc/egress/routes.yaml", launch.egress.routes);
  const host = await new Promise((done) => {
    const socket = net.connect({ host: launch.mustNotAnswer, port: 1, timeout: 60 });
    socket.on("error", (error) => done(error.code));
    socket.on("timeout", () => done("timeout"));
    socket.on("connect", () => done("connected"));
  });
  console.log("[init] host end: " + host);
  if (host === "connected" || host === "ECONNREFUSED") process.exit(1);
  for (const port of [9099]) {
    net.createServer((socket) => socket.on("error", () => {}).end("proxy")).listen(port, launch.dns.address);
  }
  setTimeout(() => {
    console.log("[egress] tokens: " + Object.keys(launch.egress.tokens).length);
    console.log("bot-bottle sidecar ready");
  }, Number(process.env.DELAY || 0));
});
process.on("SIGHUP", () => console.log("[egress] " + fs.readFileSync("/etc/egress/routes.yaml")));
process.on("SIGTERM", () => process.exit(0));
setInterval(() => {}, 1e6);
`;

const DOCKERFILE = `FROM node:22-slim
COPY stand_in.js /stand_in.js
ENTRYPOINT ["node", "/stand_in.js"]
`;

const AGENT_DOCKERFILE = `FROM node:22-slim
RUN cp /bin/sh /usr/local/bin/setuid-sh && chmod 4755 /usr/local/bin/setuid-sh
USER node
`;

export const silent: Progress = { step: () => {} };
export const never: AbortSignal = new AbortController().signal;

/** A backend with a home of its own, which is removed with everything that was made for it. */
export class TestHome implements AsyncDisposable {
  readonly home: string;
  readonly context: BackendContext;
  readonly backend: Backend;

  constructor(overrides: Partial<BackendContext> = {}) {
    this.home = Deno.makeTempDirSync({ prefix: "bot-bottle-docker-" });
    this.context = {
      home: this.home,
      hostCaBundle: () => Promise.resolve(""),
      sidecarSources: () =>
        Promise.resolve(
          new Map([["sidecar/Dockerfile", DOCKERFILE], ["stand_in.js", STAND_IN]]),
        ),
      env: (name) => name.startsWith("BOT_BOTTLE_") ? undefined : Deno.env.get(name),
      ...overrides,
    };
    this.backend = createDockerBackend(this.context);
  }

  /** Starts a bottle; `change` may replace parts of the plan. */
  async launch(
    change: (plan: BottlePlan) => BottlePlan = (plan) => plan,
    { signal = never, progress = silent } = {},
  ): Promise<Bottle> {
    const prepared = await this.backend.prepare(change(plan()), { progress, signal });
    return await prepared.launch({ progress, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.cleanup(await this.backend.planCleanup());
    await Deno.remove(this.home, { recursive: true });
  }
}

/** A plan of its own slug, for an image with nothing but node in it. */
export function plan(): BottlePlan {
  const slug = `test-${crypto.randomUUID().slice(0, 8)}`;
  return {
    identity: { slug, agent: "tester", bottles: ["plain"], provider: "demo", label: "a label" },
    image: { name: "test-agent", dockerfile: AGENT_DOCKERFILE },
    agent: {
      user: { name: "node", uid: 1000, gid: 1000, home: "/home/node" },
      workdir: "/home/node/workspace",
      env: { GREETING: "hello there" },
      files: [],
      folders: [],
      setup: [],
    },
    sidecar: {
      services: ["egress", "dns"],
      policy: { log: 1, routes: [] },
      tokens: new Map([["EGRESS_TOKEN_0", new Secret(TOKEN)]]),
      ca: {
        certPem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        keyPem: new Secret(CA_KEY),
      },
      upstreamCa: "",
      extraHosts: [],
    },
  };
}

/** Runs a shell script in a bottle and gives its output, or fails with what it said. */
export async function sh(bottle: Bottle, script: string): Promise<string> {
  const { code, stdout, stderr } = await bottle.exec(["/bin/sh", "-c", script]);
  if (code !== 0) throw new Error(`${script}: ended with ${code}: ${stderr}`);
  return stdout;
}

/** Runs the engine's own client and gives its output, or fails with what it said. */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("docker", { args }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${decoder.decode(stderr)}`);
  // What a container wrote to either output is what `logs` is asked for.
  return (decoder.decode(stdout) + (args[0] === "logs" ? decoder.decode(stderr) : "")).trim();
}
