import type { CommandContext } from "../context.ts";
import { reasonOf } from "../errors.ts";
import { formatDiagnostic, ManifestError } from "../../policy/manifest/diagnostic.ts";
import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import { ManifestStore } from "../manifests/store.ts";
import { listProviders, loadProvider } from "../providers/load.ts";
import { resolveSkills } from "../providers/skills.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** Can every manifest be used? An agent that leaves its bottle to the launch is read as far as that goes. */
export async function checkManifests(context: CommandContext): Promise<Check[]> {
  const store = new ManifestStore(context);
  const [agents, bottles, warnings] = await Promise.all([
    store.listAgents(),
    store.listBottles(),
    store.warnings(),
  ]);
  const read = await Promise.all([
    ...bottles.map(({ name }) => readBottle(store, name)),
    ...agents.map(({ name }) => readAgent(store, name, context)),
  ]);
  const problems = unique([
    ...read.flat(),
    ...warnings.map((text) => warn("manifests", text, "rename or remove it")),
  ]);
  if (problems.length > 0) return problems;
  if (agents.length === 0 || bottles.length === 0) {
    const missing = agents.length === 0 ? "agent" : "bottle";
    const remedy = `write ${context.home}/${missing}s/NAME.md; docs/manifest.md shows how`;
    return [warn("manifests", `there is no ${missing} yet`, remedy)];
  }
  return [ok("manifests", `${agents.length} agents and ${bottles.length} bottles can be read`)];
}

async function readBottle(store: ManifestStore, name: string): Promise<Check[]> {
  try {
    await store.resolveBottles([name]);
    return [];
  } catch (error) {
    return tell(error);
  }
}

async function readAgent(
  store: ManifestStore,
  name: string,
  context: CommandContext,
): Promise<Check[]> {
  try {
    if (await store.ownBottle(name) === undefined) return [];
    return await checkSkills(await store.resolve({ agent: name }), context);
  } catch (error) {
    return tell(error);
  }
}

async function checkSkills(manifest: ResolvedManifest, { env }: CommandContext): Promise<Check[]> {
  const places = { homeDirectory: env("HOME") ?? "/", skillsDirectory: "/" };
  try {
    await resolveSkills(manifest.agent.skills, places);
    return [];
  } catch (error) {
    const remedy = error instanceof Error && "hint" in error ? String(error.hint) : "";
    return [fail("skills", `agent ${manifest.agent.name}: ${reasonOf(error)}`, remedy)];
  }
}

function tell(error: unknown): Check[] {
  if (!(error instanceof ManifestError)) {
    return [fail("manifests", reasonOf(error), "check the file")];
  }
  return error.diagnostics.map((diagnostic) =>
    fail("manifests", formatDiagnostic({ ...diagnostic, hint: "" }), diagnostic.hint)
  );
}

/** A broken bottle is met again in every agent that uses it. */
function unique(checks: readonly Check[]): Check[] {
  return [...new Map(checks.map((check) => [check.detail, check])).values()];
}

/** Can every provider, built in or dropped in, be loaded? */
export async function checkProviders({ home }: CommandContext): Promise<Check[]> {
  const names = await listProviders(home);
  const checks = await Promise.all(names.map(async (name): Promise<Check[]> => {
    try {
      await loadProvider(name, { home });
      return [];
    } catch (error) {
      const remedy = error instanceof Error && "hint" in error ? String(error.hint) : "mend it";
      return [fail("providers", reasonOf(error), remedy)];
    }
  }));
  const problems = checks.flat();
  return problems.length > 0 ? problems : [ok("providers", names.join(", "))];
}
