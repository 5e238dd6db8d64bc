import { basename, dirname, join } from "node:path";
import { ManifestError } from "../../policy/manifest/diagnostic.ts";

/** The folder of a repository that its agents stand in. */
const LOCAL_FOLDER = ".bot-bottle";

/** What manifests were kept in before there was a file for each. */
const LEGACY_FILE = "bot-bottle.json";

/** The folders that manifests are read from. */
export interface ManifestLayout {
  readonly bottles: string;
  readonly agents: string;
  /** The working folder's own; absent when that is the home's. */
  readonly local?: {
    /** The working folder: nothing outside it is read for a local agent. */
    readonly root: string;
    readonly agents: string;
    /** Never read: a repository may not bring bottles. */
    readonly bottles: string;
  };
}

/**
 * Finds the folders of a home and a working folder. Throws {@linkcode ManifestError} when a
 * `bot-bottle.json` of an earlier version stands where the folder is missing.
 */
export async function findLayout(home: string, cwd: string): Promise<ManifestLayout> {
  const local = join(cwd, LOCAL_FOLDER);
  await Promise.all([
    refuseLegacy(join(dirname(home), LEGACY_FILE), home),
    refuseLegacy(join(cwd, LEGACY_FILE), local),
  ]);
  const layout = { bottles: join(home, "bottles"), agents: join(home, "agents") };
  if (await realOf(home) === await realOf(local)) return layout;
  return {
    ...layout,
    local: { root: cwd, agents: join(local, "agents"), bottles: join(local, "bottles") },
  };
}

async function refuseLegacy(file: string, folder: string): Promise<void> {
  if (!(await exists(file)) || await exists(folder)) return;
  const name = basename(folder);
  throw new ManifestError([{
    file,
    line: 0,
    column: 0,
    keyPath: "",
    message: `this file of an earlier version is no longer read, and there is no ${name} folder`,
    hint: `make ${folder}: each bottle goes to ~/.bot-bottle/bottles/NAME.md, each agent to ` +
      "agents/NAME.md, its keys between `---` lines and its prompt below; then remove this file",
  }]);
}

/** Is there anything at that path, be it a link that leads nowhere? */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

async function realOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return path;
  }
}
