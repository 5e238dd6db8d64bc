import { join } from "node:path";
import { isManifestName } from "../../policy/manifest/manifest_name.ts";
import { printable } from "../../policy/manifest/diagnostic.ts";

/** One manifest that a folder holds; the file has not been opened. */
export interface FoundManifest {
  readonly name: string;
  readonly file: string;
}

/** What a folder of manifests holds. */
export interface FolderListing {
  /** Sorted by name. */
  readonly found: readonly FoundManifest[];
  /** One line for each `.md` file that cannot be a manifest. */
  readonly warnings: readonly string[];
}

/** More entries than this are not looked at. */
const MOST_ENTRIES = 10_000;

/**
 * Lists `<name>.md` in a folder by name alone, without opening any. A folder that is missing is
 * empty. Throws when the folder cannot be read for another reason.
 */
export async function listFolder(folder: string): Promise<FolderListing> {
  const found: FoundManifest[] = [];
  const warnings: string[] = [];
  let count = 0;
  for await (const entry of entries(folder)) {
    if (++count > MOST_ENTRIES) {
      warnings.push(
        `${printable(folder)}: has more than ${MOST_ENTRIES} entries, the rest is left`,
      );
      break;
    }
    if (!entry.name.endsWith(".md") || entry.isDirectory) continue;
    const name = entry.name.slice(0, -".md".length);
    const file = join(folder, entry.name);
    if (isManifestName(name)) found.push({ name, file });
    else warnings.push(`${printable(file)}: skipped, since names have only a-z, 0-9 and -`);
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { found, warnings: warnings.sort() };
}

async function* entries(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!isMissing) throw error;
  }
}
