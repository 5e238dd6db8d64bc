/** One of the process's outputs, written whole and at once. */
export interface Output {
  readonly isTerminal: boolean;
  write(text: string): void;
}

/** The reader of our output is gone (`bot-bottle list | head -1`); there is nobody left to tell. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/**
 * The same output for messages: when it is gone, after a hangup for instance, there is nobody to
 * tell, and whoever tells something has more important things to finish.
 */
export function messageOutput(output: Output): Output {
  return {
    isTerminal: output.isTerminal,
    write: (text) => {
      try {
        output.write(text);
      } catch { /* nobody is left to tell */ }
    },
  };
}

/** The process's standard output or standard error. */
export function processOutput(stream: typeof Deno.stdout | typeof Deno.stderr): Output {
  const encoder = new TextEncoder();
  return {
    isTerminal: stream.isTerminal(),
    write: (text) => writeAll(stream, encoder.encode(text)),
  };
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed("output closed");
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      // Another program left the terminal non-blocking; its buffer drains in a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
