import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));
// deno-lint-ignore no-control-regex
const ESCAPES = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** How a run of the program ended. */
export interface Transcript {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
}

/** A home of its own for a test, with the program as its users run it. */
export class Scene implements AsyncDisposable {
  readonly home: string;
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.home = `${folder}/home`;
  }

  static async create(files: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const scene = new Scene(await Deno.makeTempDir({ prefix: "bot-bottle-cli-" }));
    await Deno.mkdir(`${scene.folder}/work`);
    for (const [path, text] of Object.entries(files)) await scene.write(path, text);
    return scene;
  }

  /** Writes a file; the path is relative to the home. */
  async write(path: string, text: string): Promise<void> {
    const whole = `${this.home}/${path}`;
    await Deno.mkdir(whole.slice(0, whole.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(whole, text);
  }

  /** The environment of a run: nothing of this process's own but what a program needs. */
  environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    const keep = ["PATH", "HOME", "DENO_DIR", "DENO_TLS_CA_STORE", "DOCKER_HOST"];
    const kept = keep.flatMap((name): [string, string][] => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    return { ...Object.fromEntries(kept), BOT_BOTTLE_HOME: this.home, ...more };
  }

  /** The argument vector of a run, for tests that start it themselves. */
  argv(...args: readonly string[]): [string, ...string[]] {
    return [Deno.execPath(), "run", "-A", "--no-prompt", CLI, ...args];
  }

  /** Runs the program without a terminal. Checks what must be absent from every run. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Transcript> {
    const [program, ...rest] = this.argv(...args);
    const child = new Deno.Command(program, {
      args: rest,
      clearEnv: true,
      env: this.environment(options.env),
      cwd: options.cwd ?? `${this.folder}/work`,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (options.stdin !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(options.stdin));
      await writer.close();
    }
    const output = await child.output();
    const decoder = new TextDecoder();
    const transcript = {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
    assertPresentable(transcript, options.env ?? {});
    return transcript;
  }

  /** Shows paths of this scene in a form that is the same in each run. */
  normalize(text: string): string {
    return text.replaceAll(this.home, "<home>").replaceAll(this.folder, "<folder>");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

function assertPresentable({ stdout, stderr }: Transcript, env: Record<string, string>): void {
  const all = stdout + stderr;
  assert.doesNotMatch(all, ESCAPES, "control characters or escape sequences off a terminal");
  if (env["BOT_BOTTLE_DEBUG"] !== "1") {
    assert.doesNotMatch(all, /^\s+at .+:\d+:\d+\)?$/m, "a stack trace");
  }
  assert.doesNotMatch(all, /SECRET-/, "a value that is marked as secret");
  for (const line of stderr.split("\n")) {
    if (line.startsWith("bot-bottle:")) {
      assert.match(line, /^bot-bottle: (info|warning|error|hint): \S/);
    }
  }
}

/** A bottle that needs nothing but the demo provider. */
export const DEMO_BOTTLE = `---
agent_provider: { template: demo }
env:
  EDITOR: vi
  API_KEY: SECRET-literal
  FROM_HOST: \${HOST_VALUE}
egress:
  routes:
    - host: api.example.com
      auth: { scheme: Bearer, token_ref: EXAMPLE_TOKEN }
      matches:
        - paths: [{ value: /v1/ }]
          methods: [GET]
    - host: docs.example.com
---
`;

export const DEMO_AGENT = `---
bottle: dev
---
Do it.
`;

export const DEMO_FILES = Object.freeze({
  "bottles/dev.md": DEMO_BOTTLE,
  "agents/implementer.md": DEMO_AGENT,
});
