/** The longest name of a bottle, agent, provider or skill. */
export const MAX_NAME = 64;

/** What such a name looks like. */
export const MANIFEST_NAME = /^[a-z][a-z0-9-]*$/;

/** Can this be the name of a bottle, agent, provider or skill, and of its file? */
export function isManifestName(text: string): boolean {
  return text.length <= MAX_NAME && MANIFEST_NAME.test(text);
}
