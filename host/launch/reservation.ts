import { slugify, uniqueLabel } from "../../policy/slug.ts";
import { UsageError } from "../errors.ts";
import type { OwnedState } from "../state/owned_state.ts";
import type { StateStore } from "../state/state_store.ts";
import { randomSlug } from "./identity.ts";

/** What a bottle's slug is to be made of. */
export interface SlugWish {
  readonly agent: string;
  /** Becomes the slug as it is; without one the slug is the agent's name and random characters. */
  readonly label?: string;
  /** A label in use gets a number behind it instead of an error. */
  readonly numbered: boolean;
}

/** Others may take the same slug between the look and the reservation, but not for ever. */
const ATTEMPTS = 20;

/**
 * Makes the slug and reserves it, so that two starts at one time never get the same. Throws
 * UsageError when the label is in use.
 */
export async function reserveSlug(store: StateStore, wish: SlugWish): Promise<OwnedState> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const state = await store.reserve(await proposeSlug(store, wish));
    if (state) return state;
  }
  throw inUse(wish.label ?? wish.agent);
}

/** The slug that would be reserved now. Throws UsageError when the label is in use. */
export async function proposeSlug(store: StateStore, wish: SlugWish): Promise<string> {
  const { agent, label, numbered } = wish;
  if (label === undefined) return randomSlug(agent);
  const taken = new Set(await store.slugs());
  if (numbered) return uniqueLabel(label, taken);
  const slug = slugify(label);
  if (taken.has(slug)) throw inUse(label);
  return slug;
}

function inUse(label: string): UsageError {
  return new UsageError(`Cannot use the label ${JSON.stringify(label)}: another bottle has it`, {
    hint: "choose another label, or stop that bottle; `bot-bottle list active` shows what runs",
  });
}
