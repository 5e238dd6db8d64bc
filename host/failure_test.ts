import assert from "node:assert/strict";
import { BottleError } from "./errors.ts";
import { tellError } from "./failure.ts";
import type { Output } from "./terminal/output.ts";
import { Terminal } from "./terminal/terminal.ts";

/** What is told of an error on standard error. */
function told(error: unknown): string {
  let text = "";
  const paper: Output = { isTerminal: false, write: (part) => void (text += part) };
  const terminal = new Terminal({
    out: paper,
    err: paper,
    inputIsTerminal: false,
    env: () => undefined,
  });
  tellError(terminal, error, { debug: false });
  return text;
}

Deno.test("what went wrong is told before what went wrong in clearing up after it", () => {
  const first = new BottleError("Cannot make the queue: the disk is full", { hint: "free some" });
  const second = new BottleError("Cannot remove the queue: it is in use");
  assert.equal(
    told(new SuppressedError(second, first)),
    "bot-bottle: error: Cannot make the queue: the disk is full\n" +
      "bot-bottle: hint: free some\n" +
      "bot-bottle: error: Cannot remove the queue: it is in use\n",
  );
});

Deno.test("one cause that stops both the work and the clearing up is told once", () => {
  const cause = (): BottleError => new BottleError("Cannot read it: it is a file");
  assert.equal(
    told(new SuppressedError(cause(), new SuppressedError(cause(), cause()))),
    "bot-bottle: error: Cannot read it: it is a file\n",
  );
});
