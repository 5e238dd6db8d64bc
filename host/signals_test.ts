import assert from "node:assert/strict";

/** A program that waits in a command, is told of an error that nobody waits for, and tears down. */
function program(stray: string): string {
  const signals = new URL("./signals.ts", import.meta.url).href;
  return `
    import { listenForSignals } from ${JSON.stringify(signals)};
    using signal = listenForSignals({ terminal: () => { throw new Error("unused"); }, force() {} });
    try {
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        ${stray}
        setTimeout(() => reject(new Error("was not told")), 5_000);
      });
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log("torn down after: " + error.message);
    }
    Deno.exit(3);
  `;
}

async function run(script: string): Promise<{ code: number; stdout: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: new URL("..", import.meta.url).pathname,
    stderr: "null",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

for (
  const [what, stray] of [
    ["thrown in a timer", 'setTimeout(() => { throw new Error("stray"); });'],
    ["rejected with nobody waiting", 'Promise.reject(new Error("stray"));'],
    [
      "thrown by a listener of the abort itself",
      'signal.addEventListener("abort", () => { throw new Error("late"); });' +
      'setTimeout(() => { throw new Error("stray"); });',
    ],
  ] as const
) {
  Deno.test(`an error ${what} leads to the teardown instead of round it`, async () => {
    assert.deepEqual(await run(program(stray)), { code: 3, stdout: "torn down after: stray\n" });
  });
}
