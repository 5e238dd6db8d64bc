import type { ArgumentHandler, RootCommand } from "@bomb.sh/tab";
import tab from "@bomb.sh/tab/commander";
import { COLORS } from "../../policy/plan.ts";
import type { CommandContext } from "../context.ts";
import { ManifestStore } from "../manifests/store.ts";
import { backendNames } from "../registry.ts";
import { StateStore } from "../state/state_store.ts";
import { describeProgram } from "./program.ts";

/** Words to offer, by what they are the names of. */
type Offers = Readonly<
  Record<"agent" | "bottle" | "slug" | "backend" | "color", readonly string[]>
>;

/** Commands and options without a value are offered from the program's own description. */
const OPTION_VALUES: Readonly<Record<string, keyof Offers>> = {
  bottle: "bottle",
  backend: "backend",
  color: "color",
};

/**
 * Answers a shell that asks what fits after those words. Reads folders' names only: no manifest is
 * opened and no engine is asked. A folder that cannot be read offers nothing.
 */
export async function run(
  context: CommandContext,
  { words }: { words: readonly string[] },
): Promise<number> {
  const offers = await findOffers(context);
  const silent = { version: "", execute: () => Promise.resolve(), write: () => {} };
  const root = tab(describeProgram(silent), { completionCommandName: "completion-script" });
  root.commands.delete("completion-script");
  offerNames(root, offers);
  root.parse([...words]);
  return 0;
}

async function findOffers(context: CommandContext): Promise<Offers> {
  const store = new ManifestStore(context);
  const [agent, bottle, slug] = await Promise.all([
    store.listAgents().then((found) => found.map(({ name }) => name), none),
    store.listBottles().then((found) => found.map(({ name }) => name), none),
    new StateStore(context.home).slugs().catch(none),
  ]);
  return { agent, bottle, slug, backend: backendNames, color: COLORS };
}

function none(): string[] {
  return [];
}

function offerNames(root: RootCommand, offers: Offers): void {
  for (const command of root.commands.values()) {
    for (const [name, argument] of command.arguments) {
      if (name in offers) argument.handler = offer(offers[name as keyof Offers]);
    }
    for (const [name, option] of command.options) {
      const kind = OPTION_VALUES[name];
      if (kind) option.handler = (complete) => offers[kind].forEach((word) => complete(word, ""));
    }
  }
}

function offer(words: readonly string[]): ArgumentHandler {
  return (complete) => words.forEach((word) => complete(word, ""));
}
