/**
 * Everything that can move a cursor, start an escape sequence, reorder or hide text: C0 and C1
 * controls, bidirectional controls, zero-width and other invisible format characters, line and
 * paragraph separators, tags and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNSAFE_BUT_NEWLINE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Makes text from a bottle, the network or a manifest safe to show on one line of a terminal:
 * each character that is not plainly visible becomes its escape, e.g. `\n` or `\u{1b}`.
 */
export function sanitize(text: string): string {
  return text.replace(UNSAFE, visible);
}

/** The same for text of several lines: newlines stay. */
export function sanitizeLines(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNSAFE_BUT_NEWLINE, visible);
}

/** Escapes what JSON leaves as it is and a terminal would not; the value stays the same. */
export function sanitizeJson(json: string): string {
  return json.replace(
    UNSAFE_BUT_NEWLINE,
    (found) =>
      found.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
        "",
      ),
  );
}

function visible(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "  ";
  if (character === "\r") return "\\r";
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
