import { join } from "node:path";
import { installPackages } from "../agents/install.ts";

const HERE = import.meta.dirname ?? ".";
const TEXT =
  /\.(?:md|markdown|txt|[cm]?[jt]s|json|map|css|html|ya?ml|svg)$|^(?:LICENSE|README|CHANGELOG)/i;
/** What is longer is a program in one file that nobody reads. */
const MOST_BYTES = 12_000_000;

/** A file of a package, read. */
export interface PackageFile {
  /** From the package's name on. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Every text that the pinned packages contain: documents, sources, tables. */
export async function* packageFiles(): AsyncGenerator<PackageFile> {
  for (const lock of [join(HERE, "packages"), join(HERE, "..", "agents", "packages")]) {
    const root = await installPackages(lock);
    for await (const path of textsBelow(root)) {
      yield { path: path.slice(root.length + 1), bytes: await Deno.readFile(path) };
    }
  }
}

async function* textsBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* textsBelow(path);
    else if (isFile && TEXT.test(name) && (await Deno.stat(path)).size <= MOST_BYTES) yield path;
  }
}
