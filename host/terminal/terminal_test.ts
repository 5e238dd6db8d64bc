import assert from "node:assert/strict";
import type { Output } from "./output.ts";
import { createScreen } from "./screen.ts";
import { Terminal } from "./terminal.ts";

class Paper implements Output {
  text = "";
  readonly isTerminal: boolean;

  constructor(isTerminal: boolean) {
    this.isTerminal = isTerminal;
  }

  write(text: string): void {
    this.text += text;
  }
}

function terminal(
  isTerminal = false,
  env: Record<string, string> = {},
): { out: Paper; err: Paper; shown: Terminal } {
  const [out, err] = [new Paper(isTerminal), new Paper(isTerminal)];
  const shown = new Terminal({
    out,
    err,
    inputIsTerminal: isTerminal,
    env: (name) => env[name],
  });
  return { out, err, shown };
}

Deno.test("messages are one line each on standard error, hints follow them", () => {
  const { out, err, shown } = terminal();
  shown.info("building");
  shown.warn("slow\ndisk", "buy\nanother");
  shown.error("Cannot go on: full", "");
  assert.equal(
    err.text,
    [
      "bot-bottle: info: building",
      "bot-bottle: warning: slow\\ndisk",
      "bot-bottle: hint: buy",
      "bot-bottle: hint: another",
      "bot-bottle: error: Cannot go on: full",
      "",
    ].join("\n"),
  );
  assert.equal(out.text, "");
});

Deno.test("no text that comes in reaches the terminal with its control characters", () => {
  const nasty = "a\x1b[2J\x9b31m\u202eb\u200b\r\nbot-bottle: info: fake\x07";
  const { out, err, shown } = terminal(true);
  shown.print(nasty);
  shown.printText(nasty);
  shown.json({ nasty });
  shown.table({ heading: ["A"], rows: [[nasty]] });
  shown.verdict("green", nasty, nasty);
  shown.note(nasty);
  for (const tell of ["info", "warn", "error"] as const) shown[tell](nasty);
  shown.error("x", nasty);
  shown.trace(nasty);
  {
    using progress = shown.progress();
    progress.step(nasty);
  }
  // deno-lint-ignore no-control-regex
  const ours = /\x1b\[\d+m|\r\x1b\[2K/g;
  const rest = (out.text + err.text).replace(ours, "");
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(rest, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]/);
});

Deno.test("JSON stays the same value when it is made safe to show", () => {
  const { out, shown } = terminal();
  const value = { text: "\x9b\u202e\u{e0041}\n\t", more: ["\u2028"] };
  shown.json(value);
  assert.deepEqual(JSON.parse(out.text), value);
});

Deno.test("progress is one line that goes away on a terminal, and plain lines elsewhere", () => {
  const live = terminal(true);
  {
    using progress = live.shown.progress();
    progress.step("one");
    live.shown.info("between");
    progress.step("two");
    assert.equal(live.shown.currentStep, "two");
  }
  assert(live.err.text.endsWith("\r\x1b[2K"));
  assert.equal(live.shown.currentStep, undefined);
  for (const plain of [terminal(), terminal(true, { CI: "1" }), terminal(true, { TERM: "dumb" })]) {
    using progress = plain.shown.progress();
    progress.step("one");
    progress.step("two");
    assert.equal(plain.err.text, "bot-bottle: info: one\nbot-bottle: info: two\n");
  }
});

Deno.test("a screen is dressed only on a terminal and put back once, in reverse", () => {
  const plain = new Paper(false);
  createScreen(plain).dress("title", "red");
  assert.equal(plain.text, "");
  const paper = new Paper(true);
  const screen = createScreen(paper);
  screen.dress("a\x07\x1b]0;b", "blue");
  assert.equal(paper.text, "\x1b[22;0t\x1b]0;a\\u{7}\\u{1b}]0;b\x07\x1b]11;#101c30\x07");
  paper.text = "";
  screen.restore();
  screen.restore();
  assert.equal(paper.text, "\x1b]111\x07\x1b[23;0t");
});
