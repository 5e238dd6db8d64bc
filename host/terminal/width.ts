/** Code points that a terminal shows two cells wide (Unicode Annex 11, W and F, in blocks). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{M}/u;
// deno-lint-ignore no-control-regex
const SGR = /\x1b\[[0-9;]*m/g;

/** How many cells of a terminal a text takes; our own colour codes take none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(SGR, "")) width += cellsOf(character);
  return width;
}

/** The text, or as much of its start as fits into that many cells, ended by `...`. */
export function clip(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text;
  const room = Math.max(0, cells - 3);
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += cellsOf(character);
    if (width > room) break;
    kept += character;
  }
  return `${kept}${"...".slice(0, Math.max(0, cells))}`;
}

/** The text with spaces added to fill that many cells. */
export function pad(text: string, cells: number): string {
  return text + " ".repeat(Math.max(0, cells - displayWidth(text)));
}

function cellsOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
