/** Select Graphic Rendition codes (ECMA-48) by what they mean here. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof CODES;

/** Puts a style around text that is safe already, or returns it as it is when colour is off. */
export type Painter = (style: Style, text: string) => string;

/** A painter for one output. */
export function painter(enabled: boolean): Painter {
  if (!enabled) return (_style, text) => text;
  return (style, text) => {
    const [on, off] = CODES[style];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  };
}

/**
 * May an output have colour? Only a terminal, and not when `NO_COLOR` (no-color.org), `CI` or
 * `TERM=dumb` says otherwise; `--no-color` is the caller's to add.
 */
export function wantsColor(
  isTerminal: boolean,
  env: (name: string) => string | undefined,
): boolean {
  return isTerminal && !env("NO_COLOR") && !env("CI") && env("TERM") !== "dumb";
}
