import { RE2JS } from "re2js";

/** The longest pattern that is accepted, in characters. */
export const MAX_REGEX_LENGTH = 1024;

/** The most instructions that a pattern may compile to: bounds the work for each character. */
export const MAX_REGEX_INSTRUCTIONS = 10_000;

/** A compiled pattern. */
export interface CompiledRegex {
  /** Does the whole of the text match? Takes time linear in its length. */
  matches(text: string): boolean;
}

/**
 * Compiles a pattern in RE2's syntax (no backreferences, no look-around), so that no text can make
 * it slow. Never throws; the reason says what is wrong with the pattern.
 */
export function compileRegex(
  source: string,
): { ok: true; regex: CompiledRegex } | { ok: false; reason: string } {
  if (source === "") return { ok: false, reason: "it is empty" };
  if (source.length > MAX_REGEX_LENGTH) {
    return { ok: false, reason: `it is longer than ${MAX_REGEX_LENGTH} characters` };
  }
  try {
    const compiled = RE2JS.compile(source);
    if (compiled.programSize() > MAX_REGEX_INSTRUCTIONS) {
      return { ok: false, reason: "its repetitions make it too large" };
    }
    return { ok: true, regex: { matches: (text) => compiled.matches(text) } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it is not in RE2 syntax";
    return { ok: false, reason };
  }
}
