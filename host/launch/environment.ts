import type { EnvValue } from "../../policy/manifest/env_value.ts";
import { BottleError } from "../errors.ts";

/** Where values come from that a manifest leaves open. */
export interface EnvironmentSources {
  env(name: string): string | undefined;
  /** Asks a person without echo; absent when nobody can be asked. */
  readonly ask?: (question: string) => Promise<string>;
}

/**
 * Turns a manifest's `env` into values: literals as they are, `${HOST_VAR}` from the host,
 * `?question` from a person, or from the host's variable of the same name when nobody is there.
 * Throws BottleError naming the variable when a value cannot be had.
 */
export async function resolveEnvironment(
  declared: ReadonlyMap<string, EnvValue>,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const [name, value] of declared) resolved[name] = await resolveOne(name, value, sources);
  return resolved;
}

async function resolveOne(
  name: string,
  value: EnvValue,
  { env, ask }: EnvironmentSources,
): Promise<string> {
  if (value.kind === "literal") return value.value;
  if (value.kind === "host") {
    const found = env(value.variable);
    if (found !== undefined) return found;
    throw new BottleError(`Cannot set ${name}: the host has no variable ${value.variable}`, {
      hint: `export ${value.variable}, or change env.${name} in the bottle's manifest`,
    });
  }
  const preset = env(name);
  if (preset !== undefined) return preset;
  if (ask) return await ask(value.question);
  throw new BottleError(`Cannot set ${name}: its value is asked for, and nobody can be asked`, {
    hint: `export ${name} before a headless start`,
  });
}
