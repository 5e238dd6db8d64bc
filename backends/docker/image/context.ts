import { type Entry, fileEntry, ROOT } from "../files/entry.ts";
import { folderEntries } from "../files/folder.ts";

/** What an image is built from. */
export interface BuildContext {
  /** Path in the context to text. */
  readonly texts: ReadonlyMap<string, string>;
  /** Host folder whose content is in the context too; the texts win. */
  readonly folder?: string;
}

/** The context's entries in a fixed order. */
export async function* contextEntries(context: BuildContext): AsyncGenerator<Entry> {
  if (context.folder !== undefined) {
    const options = { owner: ROOT, skipped: () => {} };
    for await (const entry of folderEntries(context.folder, "", options)) {
      if (entry.path !== "" && !context.texts.has(entry.path.slice(1))) yield timeless(entry);
    }
  }
  for (const path of [...context.texts.keys()].sort()) {
    yield fileEntry(`/${path}`, context.texts.get(path) ?? "", { ...ROOT, mode: 0o644 });
  }
}

/** A digest of all that decides what the build makes: 12 hexadecimal digits, a tag. */
export async function contextDigest(context: BuildContext): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for await (const entry of contextEntries(context)) {
    const extent = entry.type === "file"
      ? entry.size
      : entry.type === "symlink"
      ? entry.target
      : "";
    hash.update(JSON.stringify([entry.type, entry.path, entry.mode, extent]));
    if (entry.type !== "file") continue;
    for await (const chunk of entry.body()) hash.update(chunk);
  }
  return hash.digest("hex").slice(0, 12);
}

/** Times would make equal content unequal to the engine's build cache's eyes. */
function timeless(entry: Entry): Entry {
  const { mtime: _mtime, ...rest } = entry;
  return rest;
}
