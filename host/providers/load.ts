import { nearest } from "../../policy/manifest/nearest.ts";
import { BUILT_IN_PROVIDERS } from "../registry.ts";
import { admitProvider, type LoadedProvider } from "./door.ts";
import { ProviderError } from "./error.ts";
import { listPlugins } from "./plugin_names.ts";

/**
 * Loads a provider by the name that a manifest's `template` gives: a built-in one, else the
 * plugin `<home>/contrib/<name>/mod.ts`. Throws ProviderError for a name that is none, for a
 * plugin with a built-in's name, and for a module that is not a usable provider.
 */
export async function loadProvider(
  name: string,
  { home }: { home: string },
): Promise<LoadedProvider> {
  const builtIn = Object.hasOwn(BUILT_IN_PROVIDERS, name) ? BUILT_IN_PROVIDERS[name] : undefined;
  if (builtIn) {
    await refuseShadow(name, home);
    return admitProvider(await builtIn(), { name, source: `built-in provider ${name}` });
  }
  if ((await listPlugins(home)).includes(name)) {
    const { loadPlugin } = await import("./plugin.ts");
    const plugin = await loadPlugin(name, home);
    if (plugin) return plugin;
  }
  throw await unknownProvider(name, home);
}

/** Names of all providers that can be asked for: built-in ones, then plugins. */
export async function listProviders(home: string): Promise<readonly string[]> {
  const builtIns = Object.keys(BUILT_IN_PROVIDERS);
  const plugins = await listPlugins(home);
  return [...builtIns, ...plugins.filter((name) => !builtIns.includes(name))];
}

/** A plugin that is silently not used, or silently used instead, would be a trap either way. */
async function refuseShadow(name: string, home: string): Promise<void> {
  if (!(await listPlugins(home)).includes(name)) return;
  const source = `${home}/contrib/${name}`;
  throw new ProviderError(`Cannot use provider ${name}: ${source} has a built-in's name`, {
    source,
    member: "name",
    hint: `rename the folder and the plugin's name, e.g. to my-${name}`,
  });
}

async function unknownProvider(name: string, home: string): Promise<ProviderError> {
  const known = await listProviders(home);
  const near = nearest(name, known);
  return new ProviderError(
    `Cannot use provider ${JSON.stringify(name)}: there is no such provider`,
    {
      source: `${home}/contrib/${name}/mod.ts`,
      hint: (near === undefined ? "" : `did you mean ${near}? `) +
        `Known are ${known.join(", ")}; a plugin would be ${home}/contrib/${name}/mod.ts`,
    },
  );
}
