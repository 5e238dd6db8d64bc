import type { Color } from "../../policy/plan.ts";

/** A colour as the terminal's own palette has it, and two shades for Claude Code's theme. */
interface Shades {
  /** SGR parameter of the foreground colour (ECMA-48). */
  readonly sgr: number;
  readonly base: string;
  /** Lighter, for what moves. */
  readonly shimmer: string;
}

const SHADES: Readonly<Record<Color, Shades>> = Object.freeze({
  red: { sgr: 31, base: "#e05561", shimmer: "#f08c94" },
  green: { sgr: 32, base: "#4fb06d", shimmer: "#86d19c" },
  yellow: { sgr: 33, base: "#d6a73b", shimmer: "#ecc97a" },
  blue: { sgr: 34, base: "#4f8fe6", shimmer: "#8db7f2" },
  magenta: { sgr: 35, base: "#c061cb", shimmer: "#d99be0" },
});

/** What Claude Code's status line command prints; empty when the bottle has no label. */
export function statusLine(label: string | undefined, color: Color | undefined): string {
  if (label === undefined || label === "") return "";
  // deno-lint-ignore no-control-regex -- a label must not bring escape sequences of its own
  const text = label.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
  return color === undefined ? `${text}\n` : `\x1b[1;${SHADES[color].sgr}m${text}\x1b[0m\n`;
}

/** A theme file of Claude Code: its dark theme with frame and accents in the bottle's colour. */
export function theme(color: Color): string {
  const { base, shimmer } = SHADES[color];
  const overrides = {
    claude: base,
    claudeShimmer: shimmer,
    promptBorder: base,
    promptBorderShimmer: shimmer,
    "clawd_body": base,
    briefLabelClaude: base,
  };
  return JSON.stringify({ name: `bot-bottle ${color}`, base: "dark", overrides }, null, 2) + "\n";
}
