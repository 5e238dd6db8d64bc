interface Lock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
}

/**
 * The sidecar's sources with deno.json and deno.lock cut down to the libraries that these sources
 * import. Locked or configured ones would be fetched whether used or not: the sidecar must hold no
 * code that it does not run, and a change of any other library must not rebuild its image.
 */
export function withOwnDependencies(
  sources: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const config = sources.get("deno.json");
  const lock = sources.get("deno.lock");
  if (config === undefined || lock === undefined) return sources;
  const { imports } = JSON.parse(config) as { imports: Readonly<Record<string, string>> };
  const modules = [...sources].filter(([path]) => path.endsWith(".ts")).map(([, text]) => text);
  const used = Object.entries(imports).filter(([name, target]) =>
    target.startsWith("npm:") && modules.some((text) => mentions(text, name))
  );
  return new Map([
    ...sources,
    ["deno.json", JSON.stringify({ imports: Object.fromEntries(used), nodeModulesDir: "none" })],
    ["deno.lock", JSON.stringify(cutLock(JSON.parse(lock), used.map(([, target]) => target)))],
  ]);
}

/** Is the name of the library imported, whole or a part of it, in whatever form? */
function mentions(text: string, name: string): boolean {
  return text.includes(`"${name}"`) || text.includes(`"${name}/`);
}

function cutLock(lock: Lock, specifiers: readonly string[]): unknown {
  const kept = new Map<string, LockedPackage>();
  const keep = (id: string): void => {
    const found = lock.npm[id];
    if (!found || kept.has(id)) return;
    kept.set(id, found);
    for (const dependency of found.dependencies ?? []) {
      // A dependency is written without its version where only one is locked.
      const ids = dependency.lastIndexOf("@") > 0
        ? [dependency]
        : Object.keys(lock.npm).filter((key) => key.startsWith(`${dependency}@`));
      ids.forEach(keep);
    }
  };
  const own = specifiers.filter((specifier) => specifier in lock.specifiers);
  for (const specifier of own) keep(`${nameOf(specifier)}@${lock.specifiers[specifier]}`);
  return {
    version: lock.version,
    specifiers: Object.fromEntries(own.map((name) => [name, lock.specifiers[name]])),
    npm: Object.fromEntries([...kept].sort(([left], [right]) => left < right ? -1 : 1)),
    workspace: { dependencies: [...own].sort() },
  };
}

/** `npm:@scope/name@1.2.3` without prefix and version. */
function nameOf(specifier: string): string {
  return specifier.slice("npm:".length, specifier.lastIndexOf("@"));
}
