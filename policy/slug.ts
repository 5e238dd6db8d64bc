/** The longest slug, in characters: names of networks and containers are made from it. */
export const MAX_SLUG = 40;

/** Can this be the slug of a bottle? */
export function isSlug(text: string): boolean {
  return text.length <= MAX_SLUG && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text);
}

/**
 * Makes a slug of a label: letters in lower case without their accents, runs of anything else as
 * one `-`, cut at {@linkcode MAX_SLUG}. Empty when the label has no letter or digit of ASCII.
 */
export function slugify(label: string): string {
  const plain = label.slice(0, 1000).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return cut(plain.replace(/[^a-z0-9]+/g, "-").replace(/^-/, ""), MAX_SLUG);
}

/** The slug of a bottle without a label: the agent's name and a few random characters. */
export function agentSlug(agent: string, randomChars: string): string {
  const suffix = slugify(randomChars);
  return withSuffix(slugify(agent) || "agent", suffix);
}

/** The slug of a label that is free: `base`, `base-2`, `base-3` and so on. */
export function uniqueLabel(base: string, taken: ReadonlySet<string>): string {
  const slug = slugify(base) || "bottle";
  if (!taken.has(slug)) return slug;
  for (let number = 2;; number++) {
    const candidate = withSuffix(slug, String(number));
    if (!taken.has(candidate)) return candidate;
  }
}

function withSuffix(base: string, suffix: string): string {
  return `${cut(base, MAX_SLUG - suffix.length - 1)}-${suffix}`;
}

function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/-+$/, "");
}
