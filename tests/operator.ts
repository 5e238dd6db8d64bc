import { createDockerBackend } from "../backends/docker/mod.ts";
import type { Backend } from "../backends/backend.ts";

const ROOT = new URL("../", import.meta.url).pathname;

const SHELL_PLUGIN = `import { defineProvider } from "@bot-bottle/cli";
export default defineProvider({
  name: "shell",
  description: "Runs its prompt as a shell script",
  provision: ({ headlessPrompt = "exec bash" }) => ({ argv: ["bash", "-c", headlessPrompt] }),
});
`;

/** How a run of the program ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where it is started; the operator's empty project folder unless said otherwise. */
  readonly cwd?: string;
}

/**
 * An operator with a home folder of their own who uses the program by its command line. Closing
 * removes the home, and every bottle that was started from it.
 */
export class Operator implements AsyncDisposable {
  /** The user's home; manifests and state are in its `.bot-bottle`. */
  readonly userHome: string;
  readonly project: string;
  readonly env: Record<string, string>;

  private constructor(userHome: string) {
    this.userHome = userHome;
    this.project = `${userHome}/project`;
    this.env = {
      HOME: userHome,
      BOT_BOTTLE_HOME: `${userHome}/.bot-bottle`,
      // The libraries that are there already, which another home would not have.
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
      NO_COLOR: "1",
    };
  }

  static async create(): Promise<Operator> {
    const operator = new Operator(await Deno.makeTempDir({ prefix: "bot-bottle-e2e-" }));
    await Promise.all(
      ["bottles", "agents"].map((kind) =>
        Deno.mkdir(`${operator.home}/${kind}`, { recursive: true })
      ),
    );
    await Deno.mkdir(operator.project);
    return operator;
  }

  get home(): string {
    return `${this.userHome}/.bot-bottle`;
  }

  get backend(): Backend {
    return createDockerBackend({
      home: this.home,
      env: (name) => Deno.env.get(name),
      hostCaBundle: () => Promise.resolve(""),
      sidecarSources: () => Promise.resolve(new Map()),
    });
  }

  /** Writes a manifest; the frontmatter is JSON, which is YAML too. */
  async manifest(
    kind: "bottles" | "agents",
    name: string,
    frontmatter: object,
    body = "",
  ): Promise<void> {
    const text = `---\n${JSON.stringify(frontmatter, null, 2)}\n---\n${body}`;
    await Deno.writeTextFile(`${this.home}/${kind}/${name}.md`, text);
  }

  /** Adds an agent, `shell`, that runs its prompt as a shell script. */
  async installShellAgent(egress: object = {}): Promise<void> {
    const plugin = `${this.home}/contrib/shell`;
    await Deno.mkdir(plugin, { recursive: true });
    await Deno.writeTextFile(`${plugin}/mod.ts`, SHELL_PLUGIN);
    await Deno.writeTextFile(`${plugin}/Dockerfile`, "FROM node:22-slim\nUSER node\n");
    await this.manifest("bottles", "shell", { agent_provider: { template: "shell" }, egress });
    await this.manifest("agents", "shell", { bottle: "shell" });
  }

  /** The program, started but not waited for. */
  spawn(
    args: readonly string[],
    { env = {}, cwd = this.project }: RunOptions = {},
  ): Deno.ChildProcess {
    return new Deno.Command(`${ROOT}bot-bottle`, {
      args: [...args],
      cwd,
      env: { ...this.env, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** The program on a pseudo-terminal of its own, which ends when the process is killed. */
  spawnOnTerminal(args: readonly string[]): Deno.ChildProcess {
    const command = [`${ROOT}bot-bottle`, ...args].map((arg) => `'${arg}'`).join(" ");
    return new Deno.Command("script", {
      args: ["--quiet", "--command", `stty cols 80 rows 24; exec ${command}`, "/dev/null"],
      cwd: this.project,
      env: { ...this.env, TERM: "xterm-256color" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const { code, stdout, stderr } = await this.spawn(args, options).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { backend } = this;
    await backend.cleanup(await backend.planCleanup());
    await Deno.remove(this.userHome, { recursive: true });
  }
}

/** Polls until the condition gives a value. Throws when it has not within the time. */
export async function eventually<T>(
  what: string,
  condition: () => Promise<T | undefined>,
  { seconds = 30 } = {},
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const value = await condition();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}
