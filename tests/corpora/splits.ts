/** Lengths of the pieces that a text is cut into; 0 leaves it whole. */
export const SPLITS = Object.freeze([0, 1, 2, 3, 4, 8] as const);

export type Split = (typeof SPLITS)[number];

/** What stands between pieces: each is allowed on every surface. */
const SEPARATORS = Object.freeze(["-", ".", "--."]);

/** The text in pieces, once for each separator. */
export function split(text: string, size: Split): readonly string[] {
  if (size === 0) return [text];
  const characters = [...text];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += size) {
    pieces.push(characters.slice(at, at + size).join(""));
  }
  return SEPARATORS.map((separator) => pieces.join(separator));
}
