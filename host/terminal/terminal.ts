import type { TerminalSize } from "../../backends/backend.ts";
import { messageOutput, type Output, processOutput } from "./output.ts";
import type { Prompts } from "./prompts.ts";
import { sanitize, sanitizeJson, sanitizeLines } from "./sanitize.ts";
import type { Screen } from "./screen.ts";
import { SpinnerLine, type StatusLine } from "./status_line.ts";
import { type Painter, painter, type Style, wantsColor } from "./style.ts";
import { formatTable, type Table } from "./table.ts";

const FALLBACK_SIZE: TerminalSize = Object.freeze({ columns: 80, rows: 24 });

/** Where a terminal writes and what it may assume. */
export interface TerminalOptions {
  readonly out: Output;
  readonly err: Output;
  /** Is standard input a terminal? */
  readonly inputIsTerminal: boolean;
  env(name: string): string | undefined;
  /** False for `--no-color`. */
  readonly color?: boolean;
  /** Ends a question that nobody has answered yet. */
  readonly signal?: AbortSignal;
}

/**
 * Owns the form of every word that a user sees. Data goes to standard output; all else goes to
 * standard error as `bot-bottle: <level>: <message>`. Whatever text comes in is made safe here.
 */
export class Terminal {
  readonly #out: Output;
  readonly #err: Output;
  readonly #paintOut: Painter;
  readonly #paintErr: Painter;
  readonly #live: boolean;
  readonly #signal: AbortSignal | undefined;
  #status: StatusLine | undefined;
  #screen: Screen | undefined;

  /** Is there a person at a terminal who can be asked? */
  readonly interactive: boolean;
  /** Are standard input and output both a terminal, so that an agent can have one? */
  readonly isTty: boolean;

  constructor({ out, err, inputIsTerminal, env, color = true, signal }: TerminalOptions) {
    this.#signal = signal;
    this.#out = out;
    this.#err = err;
    this.#paintOut = painter(color && wantsColor(out.isTerminal, env));
    this.#paintErr = painter(color && wantsColor(err.isTerminal, env));
    this.#live = err.isTerminal && !env("CI") && env("TERM") !== "dumb";
    this.interactive = inputIsTerminal && err.isTerminal;
    this.isTty = inputIsTerminal && out.isTerminal;
  }

  /** Our own text, written as it is on standard output: help, a schema, a shell script. */
  help(text: string): void {
    this.#out.write(text);
  }

  /** Data: one line on standard output. */
  print(line: string): void {
    this.#out.write(`${sanitize(line)}\n`);
  }

  /** Data of several lines on standard output, e.g. a file's text or a log. */
  printText(text: string): void {
    this.#out.write(sanitizeLines(text));
  }

  /** Data: the value as indented JSON on standard output. */
  json(value: unknown): void {
    this.#out.write(`${sanitizeJson(JSON.stringify(value, null, 2))}\n`);
  }

  /** Data: aligned columns on standard output, cut to the width of a terminal. */
  table({ heading, rows }: Table): void {
    const safe = { heading, rows: rows.map((row) => row.map(sanitize)) };
    const width = this.#out.isTerminal ? this.size().columns : undefined;
    const [first = "", ...rest] = formatTable(safe, width);
    this.#out.write([this.#paintOut("bold", first), ...rest, ""].join("\n"));
  }

  /** Data: one line on standard output that starts with a coloured word. */
  verdict(style: Style, word: string, rest: string): void {
    this.#out.write(`${this.#paintOut(style, sanitize(word))}${sanitize(rest)}\n`);
  }

  /** A line on standard error that is no message, e.g. of the preflight. */
  note(line: string): void {
    this.#message(`${sanitize(line)}\n`);
  }

  info(message: string): void {
    this.#message(this.#line("info", "cyan", message));
  }

  warn(message: string, hint?: string): void {
    this.#message(this.#line("warning", "yellow", message) + this.#hints(hint));
  }

  error(message: string, hint?: string): void {
    this.#message(this.#line("error", "red", message) + this.#hints(hint));
  }

  /** A stack trace, for `BOT_BOTTLE_DEBUG=1`. */
  trace(stack: string): void {
    this.#message(`${sanitizeLines(stack)}\n`);
  }

  /** Tells of long work until disposed: one live line on a terminal, else a line for each step. */
  progress(): StatusLine {
    const line = this.#live
      ? new SpinnerLine(this.#err, () => this.size().columns)
      : new PlainSteps((message) => this.info(message));
    this.#status = line;
    const safe: StatusLine = {
      get current() {
        return line.current;
      },
      step: (message) => line.step(sanitize(message)),
      [Symbol.dispose]: () => {
        line[Symbol.dispose]();
        if (this.#status === line) this.#status = undefined;
      },
    };
    return safe;
  }

  /** What is being done right now, if some progress is being told. */
  get currentStep(): string | undefined {
    return this.#status?.current;
  }

  /** Questions to the user; loads their library. Ask only when `interactive`. */
  async prompts(): Promise<Prompts> {
    const { createPrompts } = await import("./prompts.ts");
    return createPrompts(this.#signal);
  }

  /** The terminal's title, tint and raw mode; put back by `restore`. */
  async screen(): Promise<Screen> {
    const { createScreen } = await import("./screen.ts");
    this.#screen ??= createScreen(this.#err.isTerminal ? this.#err : this.#out);
    return this.#screen;
  }

  /** Puts the terminal back as it was found: at the end, on a crash, on a signal. Never throws. */
  restore(): void {
    this.#screen?.restore();
    try {
      this.#status?.[Symbol.dispose]();
    } catch { /* a closed terminal has nothing to clear */ }
  }

  /** The size of the terminal; 80 by 24 when there is none. */
  size(): TerminalSize {
    try {
      const { columns, rows } = Deno.consoleSize();
      return columns > 0 && rows > 0 ? { columns, rows } : FALLBACK_SIZE;
    } catch {
      return FALLBACK_SIZE;
    }
  }

  #line(level: string, style: Style, message: string): string {
    return `bot-bottle: ${this.#paintErr(style, level)}: ${sanitize(message)}\n`;
  }

  #hints(hint: string | undefined): string {
    if (!hint) return "";
    return hint.split("\n").map((line) => this.#line("hint", "blue", line)).join("");
  }

  #message(text: string): void {
    if (this.#status instanceof SpinnerLine) this.#status.clear();
    this.#err.write(text);
  }
}

/** Progress where nothing can be redrawn. */
class PlainSteps implements StatusLine {
  readonly #tell: (message: string) => void;
  current: string | undefined;

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  step(message: string): void {
    this.current = message;
    this.#tell(message);
  }

  [Symbol.dispose](): void {
    this.current = undefined;
  }
}

/** The terminal of this process. */
export function processTerminal(
  env: (name: string) => string | undefined,
  options: Pick<TerminalOptions, "color" | "signal"> = {},
): Terminal {
  return new Terminal({
    out: processOutput(Deno.stdout),
    err: messageOutput(processOutput(Deno.stderr)),
    inputIsTerminal: Deno.stdin.isTerminal(),
    env,
    ...options,
  });
}
