import type { Color } from "../../policy/plan.ts";
import type { Output } from "./output.ts";
import { sanitize } from "./sanitize.ts";

/** Dark shades to work on all day, as X11 colour specifications for OSC 11. */
const TINTS: Readonly<Record<Color, string>> = {
  red: "#2a1214",
  green: "#10241a",
  yellow: "#282410",
  blue: "#101c30",
  magenta: "#261428",
};
const MAX_TITLE = 80;

/**
 * Undoes what a full-screen program leaves on when it is cut off: alternate screen, mouse
 * reports, bracketed paste, focus reports, application keys, hidden cursor, colours.
 */
const CALM = [
  "\x1b[?1047l",
  "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l",
  "\x1b[?2004l\x1b[?1004l\x1b[?1l\x1b>",
  "\x1b[?25h\x1b[0m",
].join("");

/** The parts of a terminal that outlive a program unless it puts them back. */
export interface Screen {
  /** Titles the window and, with a colour, tints its background. Does nothing off a terminal. */
  dress(title: string, color?: Color): void;
  /** Hands keys, Ctrl-C among them, to whoever reads standard input, unchanged. */
  raw(): Disposable;
  /** Undoes all of it; may be called again and again. */
  restore(): void;
}

/** A screen that writes to that output (xterm control sequences, ctlseqs). */
export function createScreen(output: Output): Screen {
  let undo: string[] = [];
  let isRaw = false;

  function dress(title: string, color?: Color): void {
    if (!output.isTerminal) return;
    output.write(`\x1b[22;0t\x1b]0;${sanitize(title).slice(0, MAX_TITLE)}\x07`);
    undo.push("\x1b[23;0t");
    if (color) {
      output.write(`\x1b]11;${TINTS[color]}\x07`);
      undo.push("\x1b]111\x07");
    }
  }

  function raw(): Disposable {
    if (Deno.stdin.isTerminal()) {
      Deno.stdin.setRaw(true);
      isRaw = true;
    }
    return { [Symbol.dispose]: cook };
  }

  function cook(): void {
    if (!isRaw) return;
    isRaw = false;
    try {
      Deno.stdin.setRaw(false);
      if (output.isTerminal) output.write(CALM);
    } catch { /* the terminal is gone */ }
  }

  function restore(): void {
    cook();
    const sequences = undo.reverse().join("");
    undo = [];
    try {
      if (sequences) output.write(sequences);
    } catch { /* the terminal is gone */ }
  }

  return { dress, raw, restore };
}
