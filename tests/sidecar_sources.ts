/**
 * Lists what the sidecar's image is built from. Run directly (`deno task sources`) it writes the
 * list to host/sidecar_sources.json.
 */

/** The programs that run in the sidecar; all else follows from what they import. */
const ENTRIES = ["sidecar/main.ts", "sidecar/egress/main.ts", "sidecar/dns/main.ts"];
/** Not imported by any module, yet needed to build and run them. */
const EXTRA = ["deno.json", "deno.lock", "sidecar/Dockerfile"];
const ROOT = new URL("../", import.meta.url);

/** Paths from the project's root of all that the image is built from, sorted. */
export async function sidecarSources(): Promise<string[]> {
  const graphs = await Promise.all(ENTRIES.map(localModules));
  return [...new Set([...graphs.flat(), ...EXTRA])].sort();
}

async function localModules(entry: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT.pathname,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; error?: string }[];
  };
  return modules.map(({ specifier, error }) => {
    if (error) throw new Error(`${specifier}: ${error}`);
    return specifier;
  }).filter((specifier) => specifier.startsWith(ROOT.href))
    .map((specifier) => specifier.slice(ROOT.href.length));
}

if (import.meta.main) {
  const list = new URL("host/sidecar_sources.json", ROOT);
  await Deno.writeTextFile(list, `${JSON.stringify(await sidecarSources(), null, 2)}\n`);
}
