import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * Installs what a folder's package-lock.json names, by npm, checked against the digests in there
 * and without running any script of the packages; into a cache of the account, once for each
 * content of the lock. Resolves with the `node_modules` folder.
 */
export async function installPackages(folder: string): Promise<string> {
  const files = await Promise.all(
    ["package.json", "package-lock.json"].map(async (name): Promise<[string, Uint8Array]> => [
      name,
      await Deno.readFile(join(folder, name)),
    ]),
  );
  const digest = createHash("sha256");
  for (const [, bytes] of files) digest.update(bytes);
  const cache = join(cacheHome(), "bot-bottle", "test-packages");
  const place = join(cache, digest.digest("hex").slice(0, 16));
  if (await exists(place)) return join(place, "node_modules");
  await Deno.mkdir(cache, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: cache, prefix: "install-" });
  try {
    for (const [name, bytes] of files) await Deno.writeFile(join(scratch, name), bytes);
    await npmInstall(scratch);
    await Deno.rename(scratch, place);
  } catch (error) {
    await Deno.remove(scratch, { recursive: true });
    // Somebody else installed the same meanwhile.
    if (!await exists(place)) throw error;
  }
  return join(place, "node_modules");
}

async function npmInstall(folder: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command("npm", {
    args: [
      ...["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"],
      // What a package asks of Node.js is judged where it runs, by the version that runs it.
      ...["--engine-strict=false", "--legacy-peer-deps"],
    ],
    cwd: folder,
    stdin: "null",
  }).output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(`Cannot install ${folder}: ${decoder.decode(stderr)}${decoder.decode(stdout)}`);
}

function cacheHome(): string {
  return Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? Deno.cwd(), ".cache");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
