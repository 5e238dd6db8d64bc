import { script } from "@bomb.sh/tab";
import type { CommandContext } from "../context.ts";

/** Prints a shell's completion script, which asks this program what fits at each Tab. */
export function run(
  _context: CommandContext,
  { shell }: { shell: "bash" | "zsh" | "fish" },
): Promise<number> {
  script(shell, "bot-bottle", "bot-bottle");
  return Promise.resolve(0);
}
