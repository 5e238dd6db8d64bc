import { type BottleIdentity, COLORS } from "../../policy/plan.ts";

/** What a labelled thing is within its bottle. */
export type Role = "agent" | "sidecar" | "internal" | "egress" | "scratch" | "build";

/** Names of the labels on everything that a bottle is made of. */
export const LABELS = Object.freeze({
  slug: "bot-bottle.slug",
  role: "bot-bottle.role",
  home: "bot-bottle.home",
  launch: "bot-bottle.launch",
  agent: "bot-bottle.agent",
  bottles: "bot-bottle.bottles",
  provider: "bot-bottle.provider",
  label: "bot-bottle.label",
  color: "bot-bottle.color",
  services: "bot-bottle.services",
  startedAt: "bot-bottle.started_at",
  user: "bot-bottle.user",
});

/** What all parts of one launch have in common. */
export interface LaunchMark {
  readonly home: string;
  /** Differs for each launch, so that a launch finds its own parts and no others. */
  readonly launch: string;
  readonly startedAt: string;
  readonly services: readonly string[];
}

/** The labels of one part of a bottle. */
export function toLabels(
  identity: BottleIdentity,
  role: Role,
  mark: LaunchMark,
): Record<string, string> {
  return {
    [LABELS.slug]: identity.slug,
    [LABELS.role]: role,
    [LABELS.home]: mark.home,
    [LABELS.launch]: mark.launch,
    [LABELS.agent]: identity.agent,
    [LABELS.bottles]: JSON.stringify(identity.bottles),
    [LABELS.provider]: identity.provider,
    [LABELS.services]: JSON.stringify(mark.services),
    [LABELS.startedAt]: mark.startedAt,
    ...(identity.label === undefined ? {} : { [LABELS.label]: identity.label }),
    ...(identity.color === undefined ? {} : { [LABELS.color]: identity.color }),
  };
}

/** The identity that {@linkcode toLabels} wrote; what is missing reads as empty. */
export function identityOf(labels: Readonly<Record<string, string>>): BottleIdentity {
  const color = COLORS.find((name) => name === labels[LABELS.color]);
  const label = labels[LABELS.label];
  return {
    slug: labels[LABELS.slug] ?? "",
    agent: labels[LABELS.agent] ?? "",
    bottles: parseList(labels[LABELS.bottles]),
    provider: labels[LABELS.provider] ?? "",
    ...(label === undefined ? {} : { label }),
    ...(color === undefined ? {} : { color }),
  };
}

/** A list that stands in a label as JSON; anything else reads as empty. */
export function parseList(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

/** Names of a bottle's parts as the engine knows them. */
export function partName(slug: string, role: Role): string {
  return `bot-bottle-${slug}-${role}`;
}

/**
 * Short name of an operator's folder on this machine, so that two homes (or two machines that
 * share an engine) never list or remove each other's bottles.
 */
export async function homeId(home: string): Promise<string> {
  const real = await Deno.realPath(home).catch(() => home);
  const bytes = new TextEncoder().encode(`${Deno.hostname()}\0${real}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.toHex().slice(0, 16);
}
