import { agentSlug } from "../../policy/slug.ts";

/** Characters that cannot be mistaken for one another when a slug is read out. */
const CHARACTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH = 5;

/** A slug for a bottle without a label: the agent's name and random characters. */
export function randomSlug(agent: string): string {
  const random = crypto.getRandomValues(new Uint8Array(LENGTH));
  return agentSlug(agent, [...random].map((byte) => CHARACTERS[byte % CHARACTERS.length]).join(""));
}
