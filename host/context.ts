import type { Terminal } from "./terminal/terminal.ts";

/** What every command is given; nothing else of the process reaches a command. */
export interface CommandContext {
  /** The operator's bot-bottle folder, absolute. */
  readonly home: string;
  /** The folder that the program was started in, absolute. */
  readonly cwd: string;
  /** A variable of the host's environment. */
  env(name: string): string | undefined;
  readonly terminal: Terminal;
  /** Aborts, with an Interrupted, at the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
}

/** `BOT_BOTTLE_HOME`, made absolute, or `~/.bot-bottle`. Undefined when the user has no home. */
export function homeFolder(
  env: (name: string) => string | undefined,
  cwd: string,
): string | undefined {
  const configured = env("BOT_BOTTLE_HOME");
  if (configured) return configured.startsWith("/") ? configured : `${cwd}/${configured}`;
  const user = env("HOME");
  return user ? `${user.replace(/\/+$/, "")}/.bot-bottle` : undefined;
}
