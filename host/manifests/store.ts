import { join } from "node:path";
import type { AgentManifest } from "../../policy/manifest/agent.ts";
import type { BottleManifest } from "../../policy/manifest/bottle.ts";
import { type Diagnostic, ManifestError, printable } from "../../policy/manifest/diagnostic.ts";
import { isManifestName } from "../../policy/manifest/manifest_name.ts";
import type { Sourced } from "../../policy/manifest/origin.ts";
import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import { type FolderListing, type FoundManifest, listFolder } from "./folder.ts";
import { exists, findLayout, type ManifestLayout } from "./layout.ts";

/** An agent that can be started. */
export interface FoundAgent extends FoundManifest {
  /** Whose folder it stands in: the operator's, or the working folder's. */
  readonly source: "home" | "cwd";
}

/** What a launch asks for. */
export interface ManifestRequest {
  readonly agent: string;
  /** Replace the agent's own bottle, later ones over earlier ones. */
  readonly bottles?: readonly string[];
}

type Parsers = typeof import("./parsers.ts");

/**
 * The manifests of an operator's home and of the working folder. Listing opens no file; resolving
 * an agent reads that agent's file and those of its bottles only. Nothing is kept between calls.
 */
export class ManifestStore {
  readonly #home: string;
  readonly #cwd: string;

  /** Both folders are absolute; `home` is the `.bot-bottle` folder itself. */
  constructor(folders: { readonly home: string; readonly cwd: string }) {
    this.#home = folders.home;
    this.#cwd = folders.cwd;
  }

  /** Agents by name; one of the working folder hides one of the same name in the home. */
  async listAgents(): Promise<readonly FoundAgent[]> {
    const { home, local } = await this.#agentFolders();
    const byName = new Map<string, FoundAgent>();
    for (const found of home.found) byName.set(found.name, { ...found, source: "home" });
    for (const found of local.found) byName.set(found.name, { ...found, source: "cwd" });
    return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Bottles by name, from the home alone. */
  async listBottles(): Promise<readonly FoundManifest[]> {
    const layout = await this.#layout();
    return (await listFolder(layout.bottles)).found;
  }

  /** What the folders hold that is left out or hidden, one line each. */
  async warnings(): Promise<readonly string[]> {
    const layout = await this.#layout();
    const [bottles, { home, local }] = await Promise.all([
      listFolder(layout.bottles),
      this.#agentFolders(layout),
    ]);
    const own = new Set(home.found.map((found) => found.name));
    const hidden = local.found.filter((found) => own.has(found.name)).map((found) => {
      return this.#hiding(found.file);
    });
    const ignored = await ignoredBottles(layout);
    return [...bottles.warnings, ...home.warnings, ...local.warnings, ...ignored, ...hidden];
  }

  /**
   * Reads an agent and its bottles and puts them together. Throws {@linkcode ManifestError} with
   * everything that is wrong in those files.
   */
  async resolve(request: ManifestRequest): Promise<ResolvedManifest> {
    const [layout, parsers] = await Promise.all([this.#layout(), import("./parsers.ts")]);
    const agent = await this.#readAgent(request.agent, { layout, parsers });
    const selected = request.bottles ?? [];
    const chosen = parsers.chosenBottles({ agent, selected });
    const bottles = await this.#readChain(chosen, { layout, parsers });
    const resolved = parsers.resolveManifest({ agent, selected, bottles });
    const warnings = [...await ignoredBottles(layout), ...await this.#hidden(agent, layout)];
    return { ...resolved, warnings: [...warnings, ...resolved.warnings] };
  }

  /**
   * Puts bottles together without an agent, to try out their rules. Throws
   * {@linkcode ManifestError} with everything that is wrong in those files.
   */
  async resolveBottles(names: readonly string[]): Promise<ResolvedManifest> {
    const [layout, parsers] = await Promise.all([this.#layout(), import("./parsers.ts")]);
    const place = { file: "command line", line: 0, column: 0, keyPath: "" };
    const origin = { ...place, kind: "agent", name: "" } as const;
    const agent = { name: "", file: "", skills: [], gitUser: {}, prompt: "", origin };
    const chosen = names.map((value) => ({ value, origin }));
    const bottles = await this.#readChain(chosen, { layout, parsers });
    return parsers.resolveManifest({ agent, selected: names, bottles });
  }

  /** The bottle that the agent's own file names, if any. Reads that file alone. */
  async ownBottle(agent: string): Promise<string | undefined> {
    const [layout, parsers] = await Promise.all([this.#layout(), import("./parsers.ts")]);
    return (await this.#readAgent(agent, { layout, parsers })).bottle?.value;
  }

  #layout(): Promise<ManifestLayout> {
    return findLayout(this.#home, this.#cwd);
  }

  async #hidden(agent: AgentManifest, layout: ManifestLayout): Promise<readonly string[]> {
    const own = join(layout.agents, `${agent.name}.md`);
    return agent.file !== own && await exists(own) ? [this.#hiding(agent.file)] : [];
  }

  #hiding(file: string): string {
    return `${printable(file)}: hides the agent of that name in ${printable(this.#home)}`;
  }

  async #agentFolders(
    known?: ManifestLayout,
  ): Promise<{ readonly home: FolderListing; readonly local: FolderListing }> {
    const layout = known ?? await this.#layout();
    const none = { found: [], warnings: [] };
    const [home, local] = await Promise.all([
      listFolder(layout.agents),
      layout.local === undefined ? none : listFolder(layout.local.agents),
    ]);
    return { home, local };
  }

  async #readAgent(name: string, context: ReadContext): Promise<AgentManifest> {
    const { layout, parsers } = context;
    const { local } = layout;
    if (isManifestName(name)) {
      const localFile = local === undefined ? "" : join(local.agents, `${name}.md`);
      const localBytes = local === undefined
        ? undefined
        : await parsers.readManifestFile(localFile, { within: local.root });
      if (localBytes !== undefined) {
        return parsers.parseAgent({ name, file: localFile }, localBytes);
      }
      const file = join(layout.agents, `${name}.md`);
      const bytes = await parsers.readManifestFile(file);
      if (bytes !== undefined) return parsers.parseAgent({ name, file }, bytes);
    }
    const known = (await this.listAgents()).map((found) => found.name);
    throw new ManifestError([parsers.missingAgent(name, known)]);
  }

  /** Reads bottles and what they extend, in parallel level by level, each once. */
  async #readChain(
    chosen: readonly Sourced<string>[],
    context: ReadContext,
  ): Promise<ReadonlyMap<string, BottleManifest>> {
    const bottles = new Map<string, BottleManifest>();
    const problems: Diagnostic[] = [];
    const asked = new Set<string>();
    let level = chosen;
    while (level.length > 0) {
      const fresh = level.filter(({ value }) => !asked.has(value) && asked.add(value));
      const read = await Promise.all(fresh.map((name) => this.#readBottle(name, context)));
      for (const result of read) {
        if ("problems" in result) problems.push(...result.problems);
        else bottles.set(result.name, result);
      }
      level = read.flatMap((result) => "problems" in result ? [] : result.extends);
    }
    if (problems.length > 0) throw new ManifestError(problems);
    return bottles;
  }

  async #readBottle(
    name: Sourced<string>,
    { layout, parsers }: ReadContext,
  ): Promise<BottleManifest | { readonly problems: readonly Diagnostic[] }> {
    try {
      const file = join(layout.bottles, `${name.value}.md`);
      const bytes = isManifestName(name.value) ? await parsers.readManifestFile(file) : undefined;
      if (bytes !== undefined) return parsers.parseBottle({ name: name.value, file }, bytes);
    } catch (error) {
      if (error instanceof ManifestError) return { problems: error.diagnostics };
      throw error;
    }
    const known = (await this.listBottles()).map((found) => found.name);
    return { problems: [parsers.missingBottle(name, known)] };
  }
}

interface ReadContext {
  readonly layout: ManifestLayout;
  readonly parsers: Parsers;
}

async function ignoredBottles(layout: ManifestLayout): Promise<readonly string[]> {
  if (layout.local === undefined) return [];
  if (!(await exists(layout.local.bottles))) return [];
  const folder = printable(layout.local.bottles);
  return [`${folder}: ignored, since bottles are read from the operator's home alone`];
}
