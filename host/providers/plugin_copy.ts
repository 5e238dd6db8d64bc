import { join } from "node:path";

/** The name by which a plugin imports this program's types and helpers. */
const PACKAGE = "@bot-bottle/cli";

/** `from "..."`, `import "..."` and `import("...")` of that name. */
const IMPORTS = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])@bot-bottle\/cli\2/g;

/** A plugin is a few files; more is a mistake, e.g. a whole checkout with its history. */
const MAX_FILES = 500;
const MAX_BYTES = 1024 * 1024;

/** Address of this program's own public module. */
function ownModule(): string {
  return import.meta.resolve("../../mod.ts");
}

/**
 * Whether the name already means this program in every file: so it is when the program runs with
 * its own import map, from a checkout or an address, but not as a package or a bundle.
 */
export function packageMeansThisProgram(): boolean {
  try {
    return import.meta.resolve(PACKAGE) === ownModule();
  } catch {
    return false;
  }
}

/** Makes the package's name in a module's text the address of this program's own module. */
export function withOwnImports(text: string, address: string = ownModule()): string {
  return text.replace(IMPORTS, (_, before: string) => before + JSON.stringify(address));
}

/**
 * Copies a plugin's folder to `target`, which must not exist, with its modules importing from this
 * program. Links and folders whose names start with a dot are left out. Throws RangeError for a
 * folder with more than a plugin has.
 */
export async function copyPlugin(folder: string, target: string): Promise<void> {
  let count = 0;
  const copy = async (from: string, to: string): Promise<void> => {
    await Deno.mkdir(to);
    for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
      const [source, path] = [join(from, name), join(to, name)];
      if (isDirectory && !name.startsWith(".")) await copy(source, path);
      if (!isFile) continue;
      if (++count > MAX_FILES) throw new RangeError(`it has more than ${MAX_FILES} files`);
      if (!/\.[cm]?[jt]sx?$/.test(name)) {
        await Deno.copyFile(source, path);
      } else if ((await Deno.stat(source)).size > MAX_BYTES) {
        throw new RangeError(`its file ${name} is larger than 1 MiB`);
      } else {
        await Deno.writeTextFile(path, withOwnImports(await Deno.readTextFile(source)));
      }
    }
  };
  await copy(folder, target);
}
