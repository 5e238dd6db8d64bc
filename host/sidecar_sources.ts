import paths from "./sidecar_sources.json" with { type: "json" };

/**
 * The program's own text of everything that the sidecar's image is built from, by path from the
 * program's root. The paths are listed beside this file (a test compares them with the sidecar's
 * module graph); the texts are imported, not read from a disk, so that this also works when the
 * program itself came from an https: address or is compiled.
 */
export async function readSidecarSources(): Promise<ReadonlyMap<string, string>> {
  const entries = await Promise.all(
    paths.map(async (path): Promise<[string, string]> => [path, await importText(path)]),
  );
  return new Map(entries);
}

async function importText(path: string): Promise<string> {
  const { href } = new URL(`../${path}`, import.meta.url);
  const module: { default: string } = await import(href, { with: { type: "text" } });
  return module.default;
}
