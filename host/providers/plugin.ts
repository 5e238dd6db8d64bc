import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { reasonOf } from "../errors.ts";
import { admitProvider, type LoadedProvider } from "./door.ts";
import { ProviderError } from "./error.ts";
import { copyPlugin, packageMeansThisProgram } from "./plugin_copy.ts";
import { pluginFolder } from "./plugin_names.ts";

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new ProviderError(`Cannot read ${path}: ${reasonOf(error)}`, {
      source: path,
      cause: error,
    });
  }
}

/**
 * Loads `<home>/contrib/<name>/mod.ts`, with the Dockerfile beside it if there is one.
 * Undefined when there is no such file. Throws ProviderError when it cannot be used.
 */
export async function loadPlugin(name: string, home: string): Promise<LoadedProvider | undefined> {
  const folder = join(pluginFolder(home), name);
  const source = join(folder, "mod.ts");
  const stat = await Deno.stat(source).catch(() => undefined);
  if (!stat?.isFile) return undefined;
  const dockerfile = await textIfThere(join(folder, "Dockerfile"));
  return admitProvider(await importPlugin(source), {
    name,
    source,
    contextPath: folder,
    ...(dockerfile !== undefined && { dockerfile }),
  });
}

async function importPlugin(source: string): Promise<unknown> {
  try {
    if (packageMeansThisProgram()) return await import(pathToFileURL(source).href);
    return await importCopy(dirname(source));
  } catch (error) {
    throw new ProviderError(`Cannot load ${source}: ${reasonOf(error)}`, {
      source,
      cause: error,
      hint: `\`deno check ${source}\` shows what is wrong with it; it runs with your permissions`,
    });
  }
}

/** Imports the plugin from a copy that finds this program, and removes the copy again. */
async function importCopy(folder: string): Promise<unknown> {
  const parent = await Deno.makeTempDir({ prefix: "bot-bottle-plugin-" });
  try {
    const copy = join(parent, "plugin");
    await copyPlugin(folder, copy);
    return await import(pathToFileURL(join(copy, "mod.ts")).href);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}
