import { type Color, COLORS } from "../../policy/plan.ts";
import { slugify } from "../../policy/slug.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { ManifestStore } from "../manifests/store.ts";
import type { Prompts } from "../terminal/prompts.ts";

/** What the command line says of which bottle to start; the rest is asked for or left at defaults. */
export interface GivenSelection {
  readonly agent?: string;
  /** Empty: the agent's own. */
  readonly bottles: readonly string[];
  readonly label?: string;
  readonly color?: Color;
}

export interface Selection extends GivenSelection {
  readonly agent: string;
}

/** Checks a `--color`. Throws UsageError that lists the colours. */
export function parseColor(text: string): Color {
  const color = COLORS.find((name) => name === text);
  if (color) return color;
  throw new UsageError(`Cannot use the colour ${JSON.stringify(text)}: there is no such colour`, {
    hint: `choose one of ${COLORS.join(", ")}`,
  });
}

/** Checks a `--label`. Throws UsageError when no slug can be made of it. */
export function checkLabel(label: string): string {
  if (slugify(label) !== "") return label;
  throw new UsageError(`Cannot use the label ${JSON.stringify(label)}: it has no letter or digit`, {
    hint: "use letters, digits and dashes",
  });
}

/** The selection of a start that asks nothing. Throws UsageError when the agent is missing. */
export function completeSelection(given: GivenSelection): Selection {
  if (given.agent !== undefined) return { ...given, agent: given.agent };
  throw new UsageError("Cannot start: no agent is named", {
    hint: "name one, as in `bot-bottle start AGENT`; `bot-bottle list` shows them",
  });
}

/** Asks a person for each part of the selection that is missing. */
export async function pickSelection(
  context: CommandContext,
  store: ManifestStore,
  { given, takenSlugs }: { given: GivenSelection; takenSlugs: ReadonlySet<string> },
): Promise<Selection> {
  const prompts = await context.terminal.prompts();
  const agent = given.agent ?? await pickAgent(store, prompts);
  const bottles = given.bottles.length > 0 || await store.ownBottle(agent) !== undefined
    ? given.bottles
    : await pickBottles(store, prompts);
  const label = given.label ?? await askLabel(prompts, takenSlugs);
  const color = given.color ?? await pickColor(prompts);
  return {
    agent,
    bottles,
    ...(label !== "" && { label }),
    ...(color !== undefined && { color }),
  };
}

async function pickAgent(store: ManifestStore, prompts: Prompts): Promise<string> {
  const agents = await store.listAgents();
  if (agents.length === 0) {
    throw new UsageError("Cannot start: there is no agent yet", {
      hint: "write one to ~/.bot-bottle/agents/NAME.md; docs/manifest.md shows how",
    });
  }
  return await prompts.select(
    "Which agent?",
    agents.map(({ name, source }) => ({
      value: name,
      label: name,
      ...(source === "cwd" && { detail: "from this folder" }),
    })),
  );
}

async function pickBottles(store: ManifestStore, prompts: Prompts): Promise<string[]> {
  const choices = (await store.listBottles()).map(({ name }) => ({ value: name, label: name }));
  if (choices.length === 0) {
    throw new UsageError("Cannot start: there is no bottle yet", {
      hint: "write one to ~/.bot-bottle/bottles/NAME.md; docs/manifest.md shows how",
    });
  }
  return await prompts.selectInOrder("Which bottles? Later ones win over earlier ones", choices);
}

async function askLabel(prompts: Prompts, taken: ReadonlySet<string>): Promise<string> {
  return await prompts.text("Label (empty for none)", {
    problem: (text) => {
      if (text === "") return undefined;
      const slug = slugify(text);
      if (slug === "") return "It needs a letter or a digit";
      return taken.has(slug) ? `${slug} is in use by another bottle` : undefined;
    },
  });
}

async function pickColor(prompts: Prompts): Promise<Color | undefined> {
  const none = { value: undefined, label: "none" };
  const colors = COLORS.map((color) => ({ value: color, label: color }));
  return await prompts.select<Color | undefined>("Colour?", [none, ...colors]);
}
