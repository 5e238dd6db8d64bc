import assert from "node:assert/strict";

const SIGNALS = new URL("./signals.ts", import.meta.url).href;
const TERMINAL = new URL("./terminal/terminal.ts", import.meta.url).href;

/** A program that takes its time to tear down, told of signals as the real one is. */
const PROGRAM = `
import { listenForSignals } from ${JSON.stringify(SIGNALS)};
import { processTerminal } from ${JSON.stringify(TERMINAL)};
const terminal = processTerminal(() => undefined);
const signal = listenForSignals({ terminal: () => terminal, force: () => Deno.exit(99) });
console.log("up");
await new Promise((done) => signal.addEventListener("abort", done));
console.log(signal.reason.name);
using progress = terminal.progress();
progress.step("Removing the bottle");
await new Promise((done) => setTimeout(done, Number(Deno.args[0])));
console.log("torn down");
Deno.exit(130);
`;

async function interrupt(
  signals: readonly Deno.Signal[],
  teardown: number,
): Promise<{ code: number; lines: string[]; told: string }> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, PROGRAM);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", file, String(teardown)],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [out, collected] = child.stdout.tee();
  const reader = out.getReader();
  await reader.read();
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  const [{ code }, text, told] = await Promise.all([
    child.status,
    new Response(collected).text(),
    new Response(child.stderr).text(),
  ]);
  await reader.cancel();
  await Deno.remove(file);
  return { code, lines: text.trim().split("\n"), told };
}

Deno.test("each of the signals that end a program has it tear down first", async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const { code, lines } = await interrupt([signal], 10);
    assert.deepEqual([code, lines], [130, ["up", "Interrupted", "torn down"]], signal);
  }
});

Deno.test("a second signal tells what is being done and still tears down", async () => {
  const { code, lines, told } = await interrupt(["SIGINT", "SIGINT"], 600);
  assert.deepEqual([code, lines], [130, ["up", "Interrupted", "torn down"]]);
  assert.match(
    told,
    /warning: Still removing what was made: Removing the bottle\nbot-bottle: hint:/,
  );
});

Deno.test("a third signal forces the end", async () => {
  const { code, lines } = await interrupt(["SIGINT", "SIGTERM", "SIGINT"], 5000);
  assert.deepEqual([code, lines], [99, ["up", "Interrupted"]]);
});
