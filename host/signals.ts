import { Interrupted } from "./errors.ts";
import type { Terminal } from "./terminal/terminal.ts";

const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export interface SignalOptions {
  readonly terminal: () => Terminal;
  /** Called at the third signal, when even tearing down has to stop. */
  readonly force: () => void;
}

/**
 * Turns the signals that end a program into one AbortSignal. The first aborts it, so that all
 * that was begun is torn down; the second says what is still being done; the third forces. An
 * error that nobody waits for aborts it too: ending at once would leave everything behind.
 */
export function listenForSignals({ terminal, force }: SignalOptions): AbortSignal & Disposable {
  const controller = new AbortController();
  let count = 0;
  const heard = (): void => {
    count++;
    if (count === 1) controller.abort(new Interrupted());
    else if (count === 2) tellWhatIsLeft(terminal());
    else force();
  };
  const strayed = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    // Later ones are consequences of the first. An error that the abort's own listeners throw can
    // only be caught here again once this event is over.
    const reason = "reason" in event ? event.reason : event.error;
    setTimeout(() => controller.abort(reason));
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, heard);
  globalThis.addEventListener("error", strayed);
  globalThis.addEventListener("unhandledrejection", strayed);
  return Object.assign(controller.signal, {
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, heard);
      globalThis.removeEventListener("error", strayed);
      globalThis.removeEventListener("unhandledrejection", strayed);
    },
  });
}

function tellWhatIsLeft(terminal: Terminal): void {
  const step = terminal.currentStep;
  try {
    terminal.warn(
      step === undefined ? "Still removing what was made" : `Still removing what was made: ${step}`,
      "once more ends at once and leaves the rest to bot-bottle cleanup",
    );
  } catch { /* after SIGHUP there may be no terminal to tell */ }
}
