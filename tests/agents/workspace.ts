import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { seededBlobs } from "../doubles/models/blobs.ts";

/** A project with the kinds of files that agents read and print in their daily work. */
export interface Workspace {
  readonly path: string;
}

/** Files of well-known packages that the project contains, by their place in it. */
const FROM_PACKAGES: Readonly<Record<string, string>> = Object.freeze({
  "docs/tokens.md": "jsonwebtoken/README.md",
  "docs/configuration.md": "dotenv/README.md",
  "docs/payments.md": "stripe/README.md",
  "docs/http.md": "axios/README.md",
  "docs/keys.md": "jose/README.md",
  "assets/logo.png": "passport/sponsors/loginradius.png",
  "vendor/jquery.min.js": "jquery/dist/jquery.min.js",
  "vendor/bootstrap.min.css.map": "bootstrap/dist/css/bootstrap.min.css.map",
  "vendor/lodash.js": "lodash/lodash.js",
  "vendor/bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
});

const GREETING = `// What the service says.
export function greeting(name) {
  return \`hello \${name}\`;
}
`;

/** Makes the project, with a history in git. `packages` is a `node_modules` folder. */
export async function createWorkspace(
  path: string,
  { packages, lockFile }: { readonly packages: string; readonly lockFile: string },
): Promise<Workspace> {
  const texts: Record<string, string> = {
    "src/greeting.js": GREETING,
    "README.md": "# Greeter\n\nSays hello. Run `sh run-tests.sh` after each change.\n",
    "run-tests.sh": "cat report.txt\n",
    "report.txt": testReport(),
    "infra/known_hosts": knownHosts(),
    "infra/compose.yaml": composeFile(),
    ".env.example":
      "DATABASE_URL=postgres://user:password@localhost:5432/app\nAPI_KEY=your-api-key\n",
  };
  const git = gitIn(path);
  await Deno.mkdir(path, { recursive: true });
  await git("init", "--quiet", "--initial-branch=main");
  for (const [file, text] of Object.entries(texts)) {
    await write(join(path, file), new TextEncoder().encode(text));
    await git("add", "--all");
    await git("commit", "--quiet", "--message", `Add ${file}`);
  }
  for (const [file, source] of Object.entries(FROM_PACKAGES)) {
    await write(join(path, file), await Deno.readFile(join(packages, source)));
  }
  await write(join(path, "package-lock.json"), await Deno.readFile(lockFile));
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Vendor the libraries");
  return { path };
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, bytes);
}

function gitIn(cwd: string): (...args: string[]) => Promise<void> {
  const when = "2026-01-02T03:04:05Z";
  const env = { GIT_AUTHOR_DATE: when, GIT_COMMITTER_DATE: when, GIT_CONFIG_GLOBAL: "/dev/null" };
  return async (...args) => {
    const author = ["-c", "user.name=A Developer", "-c", "user.email=dev@example.com"];
    const command = new Deno.Command("git", { args: [...author, ...args], cwd, env });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(`git ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  };
}

/** Output of a test run as it is full of identifiers and digests, the same each time. */
function testReport(): string {
  const blobs = seededBlobs(7);
  const uuid = (): string =>
    blobs.hex(32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  const lines = Array.from({ length: 120 }, (_, index) => {
    const digest = createHash("sha512").update(String(index)).digest("base64");
    return [
      `ok ${index} - request ${uuid()} is answered (trace ${blobs.hex(32)}, span ${blobs.hex(16)})`,
      `  # etag "${blobs.hex(40)}" integrity sha512-${digest}`,
      `  # session=${blobs.base64(43, "url")} nonce ${blobs.base64(22)}== ulid ${
        blobs.alphanumeric(26).toUpperCase()
      }`,
    ].join("\n");
  });
  return `TAP version 14\n${lines.join("\n")}\n1..120\n`;
}

/** Public keys and host names; nothing of it is secret, all of it looks random. */
function knownHosts(): string {
  const blobs = seededBlobs(11);
  return Array.from({ length: 12 }, (_, index) =>
    [
      `host${index}.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${blobs.base64(43)}`,
      `|1|${blobs.base64(27)}=|${blobs.base64(27)}= ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ${
        blobs.base64(342)
      }`,
    ].join("\n")).join("\n") + "\n";
}

function composeFile(): string {
  const blobs = seededBlobs(13);
  const services = ["web", "worker", "cache", "queue"].map((name) =>
    `  ${name}:\n    image: registry.example.com/${name}@sha256:${blobs.hex(64)}\n` +
    `    environment:\n      SECRET_KEY: \${SECRET_KEY}\n      BUILD: ${blobs.hex(40)}\n`
  );
  return `services:\n${services.join("")}`;
}
