import type { Progress } from "../../backends/backend.ts";
import type { Output } from "./output.ts";
import { clip } from "./width.ts";

const FRAMES = ["|", "/", "-", "\\"];
const FRAME_MILLISECONDS = 120;
const CLEAR_LINE = "\r\x1b[2K";

/** Long work that is being told of; leaving its `using` scope takes the line away. */
export interface StatusLine extends Progress, Disposable {
  /** What was told last; undefined before the first step. */
  readonly current: string | undefined;
}

/** A line that shows the step going on, redrawn in place. */
export class SpinnerLine implements StatusLine {
  readonly #output: Output;
  readonly #columns: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frame = 0;
  current: string | undefined;

  constructor(output: Output, columns: () => number) {
    this.#output = output;
    this.#columns = columns;
  }

  step(message: string): void {
    this.current = message;
    if (this.#timer === undefined) {
      const timer = setInterval(() => this.draw(), FRAME_MILLISECONDS);
      Deno.unrefTimer(timer);
      this.#timer = timer;
    }
    this.draw();
  }

  /** Takes the line off the screen until the next frame, so that a message can stand there. */
  clear(): void {
    if (this.#timer !== undefined) this.#output.write(CLEAR_LINE);
  }

  draw(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length];
    const text = clip(`${frame} ${this.current ?? ""}`, this.#columns() - 1);
    this.#output.write(`${CLEAR_LINE}${text}`);
  }

  [Symbol.dispose](): void {
    this.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
