import assert from "node:assert/strict";

const HOSTILE = "plain\n\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07\x1b[2Jend\n";

/** Writes hostile bytes as an agent without a terminal, split inside an escape sequence. */
function program(tty: boolean): string {
  const module = new URL("./stdio.ts", import.meta.url).href;
  return `
    import { hostStdio } from ${JSON.stringify(module)};
    const writer = hostStdio({ tty: ${tty}, noInput: true }).stdout.getWriter();
    const bytes = new TextEncoder().encode(${JSON.stringify(HOSTILE)});
    await writer.write(bytes.slice(0, 8));
    await writer.write(bytes.slice(8));
  `;
}

async function shown(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(command, {
    args: [...args],
    cwd: new URL("../..", import.meta.url).pathname,
    stdin: "null",
  }).output();
  assert.ok(success);
  return new TextDecoder().decode(stdout).replaceAll("\r\n", "\n");
}

async function onTerminal(script: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const command = `'${Deno.execPath()}' run --allow-all '${file}'`;
    return await shown("script", ["--quiet", "--return", "--command", command, "/dev/null"]);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("what an agent without a terminal prints cannot steer the operator's terminal", async () => {
  const text = await onTerminal(program(false));
  assert.ok(text.startsWith("plain\n\\u{1b}]0;owned\\u{7}\\u{1b}]52;c;"), JSON.stringify(text));
  assert.ok(!text.includes("\x1b"));
});

Deno.test("into a pipe, and for an agent with a terminal of its own, bytes pass unchanged", async () => {
  assert.equal(await shown(Deno.execPath(), ["eval", program(false)]), HOSTILE);
  assert.equal(await onTerminal(program(true)), HOSTILE);
});
