import { pack } from "tar-stream";
import type { AgentProvider, Provisioning } from "../providers/provider.ts";

const decoder = new TextDecoder();

/** Runs the engine's client to its end; throws with its words when it fails. */
export async function docker(args: readonly string[], stdin?: Uint8Array): Promise<string> {
  const child = new Deno.Command("docker", {
    args: [...args],
    env: { DOCKER_BUILDKIT: "0" },
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin) {
    const writer = child.stdin.getWriter();
    await writer.write(stdin);
    await writer.close();
  }
  const { success, stdout, stderr } = await child.output();
  if (success) return decoder.decode(stdout).trim();
  throw new Error(`docker ${args[0]} failed: ${decoder.decode(stderr)}`);
}

/** What a container that has no terminal wrote, both outputs. */
export async function dockerLogs(name: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("docker", { args: ["logs", name] }).output();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** Builds a provider's image; the engine's cache makes all but the first time quick. */
export async function buildImage(provider: AgentProvider): Promise<string> {
  const tag = `bot-bottle-provider-test:${provider.name}`;
  const text = new TextEncoder().encode(provider.dockerfile);
  await docker(["build", "--quiet", "--tag", tag, "-"], text);
  return tag;
}

const RECORDING = "/tmp/typescript";

/** The engine's log holds a terminal's output back until its line ends; `script` does not. */
function recorded(argv: readonly string[]): string[] {
  const quoted = argv.map((argument) => `'${argument.replaceAll("'", "'\\''")}'`).join(" ");
  // A terminal that nobody looks at has no size until it is told one.
  const program = 'stty rows 40 cols 120; exec script --quiet --flush --command "$1" "$2"';
  return ["sh", "-c", program, "sh", quoted, RECORDING];
}

/** All that a container with a terminal wrote to it so far; empty before the first byte. */
export async function terminalOutput(name: string): Promise<string> {
  return await docker(["exec", name, "sh", "-c", `cat ${RECORDING} 2>/dev/null || true`]);
}

/** A network without a way out, on which the host listens at `gateway`. */
export interface InnerNetwork extends AsyncDisposable {
  readonly name: string;
  readonly gateway: string;
}

export async function makeInnerNetwork(): Promise<InnerNetwork> {
  const name = `bot-bottle-provider-test-${crypto.randomUUID().slice(0, 8)}`;
  await docker(["network", "create", "--internal", name]);
  const gateway = await docker(
    ["network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name],
  );
  return {
    name,
    gateway,
    [Symbol.asyncDispose]: async () => {
      await docker(["network", "rm", name]);
    },
  };
}

/** The provider's files as an archive that unpacks at the root, with owners and modes. */
async function archive(provider: AgentProvider, { files }: Provisioning): Promise<Uint8Array> {
  const { uid, gid, home } = provider.user;
  const tar = pack();
  const folders = new Set<string>();
  for (const { path, content, mode, owner } of files) {
    const parts = path.slice(1).split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (folders.has(folder) || !`/${folder}`.startsWith(`${home}/`)) continue;
      folders.add(folder);
      tar.entry({ name: folder, type: "directory", mode: 0o700, uid, gid });
    }
    const ids = owner === "agent" ? { uid, gid } : { uid: 0, gid: 0 };
    const text = typeof content === "string" ? content : decoder.decode(content);
    tar.entry({ name: parts.join("/"), mode, ...ids }, text);
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

export interface ContainerOptions {
  readonly provider: AgentProvider;
  readonly provisioning: Provisioning;
  readonly image: string;
  readonly network: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: boolean;
}

/** A started container with the provider's files in place. */
export interface Container extends AsyncDisposable {
  readonly name: string;
}

export async function startContainer(options: ContainerOptions): Promise<Container> {
  const { provider, provisioning, image, network, workdir, env, terminal } = options;
  const name = `bot-bottle-provider-test-${crypto.randomUUID().slice(0, 8)}`;
  const variables = Object.entries({ ...env, ...provisioning.env })
    .flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  await docker([
    "create",
    ...(terminal ? ["--tty", "--interactive"] : []),
    ...["--name", name, "--network", network, "--workdir", workdir],
    ...variables,
    image,
    ...(terminal ? recorded(provisioning.argv) : provisioning.argv),
  ]);
  const container: Container = {
    name,
    [Symbol.asyncDispose]: async () => {
      await docker(["rm", "--force", "--volumes", name]);
    },
  };
  try {
    await docker(["cp", "-", `${name}:/`], await archive(provider, provisioning));
    await docker(["start", name]);
  } catch (error) {
    await container[Symbol.asyncDispose]();
    throw error;
  }
  return container;
}
