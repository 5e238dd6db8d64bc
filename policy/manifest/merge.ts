import type { AgentManifest } from "./agent.ts";
import { type BottleManifest, DEFAULT_TEMPLATE } from "./bottle.ts";
import { complaint, completeRepos, conflicts, warningsOf } from "./consistency.ts";
import { type Diagnostic, keyText, ManifestError } from "./diagnostic.ts";
import { EMPTY_LAYER, type Layer, mergeLayers } from "./layer.ts";
import { nearest } from "./nearest.ts";
import type { Sourced } from "./origin.ts";
import type { ResolvedManifest, ResolvedProvider } from "./resolved.ts";

/** Bottles that extend one another further than this are refused. */
const MAX_CHAIN = 32;

/** What {@linkcode resolveManifest} puts together. */
export interface ManifestSources {
  readonly agent: AgentManifest;
  /** Bottles named at launch, which replace the agent's own; empty to use that one. */
  readonly selected: readonly string[];
  /** Every bottle that is selected or extended, by name. */
  readonly bottles: ReadonlyMap<string, BottleManifest>;
  /** Names of all bottles that exist, for hints about one that does not. */
  readonly known?: readonly string[];
}

/**
 * Puts an agent and its bottles together. Extended bottles lie below those that extend them, later
 * ones over earlier ones, and the agent's git identity over all. Throws {@linkcode ManifestError}
 * for a missing bottle, a circle, two routes for one host, or an incomplete repository.
 */
export function resolveManifest(sources: ManifestSources): ResolvedManifest {
  const { agent } = sources;
  const chosen = chosenBottles(sources);
  const chain = new Chain(sources);
  const layer = chosen.reduce(
    (below, name) => mergeLayers(below, chain.layerOf(name, [])),
    EMPTY_LAYER,
  );
  const { repos, diagnostics } = completeRepos(layer);
  const problems = [...conflicts(layer), ...diagnostics];
  if (problems.length > 0) throw new ManifestError(problems);
  return {
    agent: { name: agent.name, file: agent.file, prompt: agent.prompt, skills: agent.skills },
    bottles: chosen.map((name) => name.value),
    chain: chain.files,
    env: layer.env,
    provider: providerOf(layer),
    gitGate: { user: { ...layer.gitUser, ...agent.gitUser }, repos },
    egress: { log: layer.log?.value ?? 1, routes: layer.routes },
    warnings: warningsOf(layer, repos),
  };
}

/** The bottles that a launch starts from, each with the place that names it. */
export function chosenBottles(
  sources: Pick<ManifestSources, "agent" | "selected">,
): readonly Sourced<string>[] {
  const { agent, selected } = sources;
  const named = [...new Set(selected)].map((value): Sourced<string> => {
    const place = { file: `--bottle ${value}`, line: 0, column: 0, keyPath: "" };
    return { value, origin: { kind: "agent", name: agent.name, ...place } };
  });
  if (named.length > 0) return named;
  if (agent.bottle !== undefined) return [agent.bottle];
  throw new ManifestError([
    complaint(
      agent.origin,
      "the agent names no bottle",
      "add `bottle: NAME`, or name one at launch with `--bottle NAME`",
    ),
  ]);
}

function providerOf(layer: Layer): ResolvedProvider {
  const none = { template: DEFAULT_TEMPLATE, forwardHostCredentials: false, settings: {} };
  return layer.provider ?? none;
}

/** Merges bottles with what they extend, each once. */
class Chain {
  readonly #sources: ManifestSources;
  readonly #layers = new Map<string, Layer>();
  readonly files: { readonly name: string; readonly file: string }[] = [];

  constructor(sources: ManifestSources) {
    this.#sources = sources;
  }

  layerOf(name: Sourced<string>, above: readonly string[]): Layer {
    const known = this.#layers.get(name.value);
    if (known !== undefined) return known;
    const refusal = this.#refusal(name, above);
    const bottle = this.#sources.bottles.get(name.value);
    if (refusal !== undefined || bottle === undefined) {
      throw new ManifestError([refusal ?? missingBottle(name, this.#known())]);
    }
    const path = [...above, name.value];
    const below = bottle.extends.reduce(
      (layer, parent) => mergeLayers(layer, this.layerOf(parent, path)),
      EMPTY_LAYER,
    );
    const layer = mergeLayers(below, bottle.layer);
    this.#layers.set(name.value, layer);
    this.files.push({ name: bottle.name, file: bottle.file });
    return layer;
  }

  #known(): readonly string[] {
    return this.#sources.known ?? [...this.#sources.bottles.keys()];
  }

  #refusal(name: Sourced<string>, above: readonly string[]): Diagnostic | undefined {
    const start = above.indexOf(name.value);
    if (start >= 0) {
      const circle = [...above.slice(start), name.value].join(" -> ");
      return complaint(
        name.origin,
        `bottles extend one another in a circle: ${circle}`,
        "remove one of these `extends`",
      );
    }
    if (above.length < MAX_CHAIN) return undefined;
    const message = `bottles extend one another more than ${MAX_CHAIN} deep`;
    return complaint(name.origin, message, "put some of them together");
  }
}

/** What is said about a bottle that does not exist. */
export function missingBottle(name: Sourced<string>, known: readonly string[]): Diagnostic {
  const message = `there is no bottle \`${keyText(name.value)}\``;
  return complaint(name.origin, message, among(name.value, known));
}

/** What is said about an agent that does not exist. */
export function missingAgent(name: string, known: readonly string[]): Diagnostic {
  const place = { file: "agents", line: 0, column: 0, keyPath: "" };
  return { ...place, message: `there is no agent \`${keyText(name)}\``, hint: among(name, known) };
}

function among(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  const there = known.length > 0 ? `there are: ${known.join(", ")}` : "there are none yet";
  return guess === undefined ? there : `did you mean \`${guess}\`? ${there}`;
}
