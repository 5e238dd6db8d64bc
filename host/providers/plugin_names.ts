import { PROVIDER_NAME } from "./shape.ts";

/** The folder of the operator's that plugins lie in. */
export function pluginFolder(home: string): string {
  return `${home}/contrib`;
}

/** Names of the folders that look like plugins, sorted; none when there is no such folder. */
export async function listPlugins(home: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(pluginFolder(home))) {
      if (PROVIDER_NAME.test(entry.name) && !entry.isFile) names.push(entry.name);
    }
  } catch (error) {
    const none = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!none) throw error;
  }
  return names.sort();
}
