import paths from "./sidecar_sources.json" with { type: "json" };
import { BottleError } from "./errors.ts";

/**
 * The program's own text of everything that the sidecar's image is built from, by path from the
 * program's root. The paths are listed beside this file; a test compares them with the sidecar's
 * module graph. The texts come from wherever this module itself came from: a disk, the inside of a
 * compiled program, or an https: address. Throws BottleError when one cannot be had.
 */
export async function readSidecarSources(): Promise<ReadonlyMap<string, string>> {
  const entries = await Promise.all(
    paths.map(async (path): Promise<[string, string]> => [path, await readText(path)]),
  );
  return new Map(entries);
}

async function readText(path: string): Promise<string> {
  const url = new URL(`../${path}`, import.meta.url);
  if (url.protocol === "file:") return await Deno.readTextFile(url);
  const response = await fetch(url);
  if (response.ok) return await response.text();
  throw new BottleError(`Cannot get ${url}: the server answered ${response.status}`, {
    hint: "install bot-bottle on this machine, or try again",
  });
}
