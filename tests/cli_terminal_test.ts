import assert from "node:assert/strict";
import { createAttachHub } from "../host/attach/hub.ts";
import { usualSocketPath } from "../host/attach/socket_place.ts";
import { StateStore } from "../host/state/state_store.ts";
import { DEMO_FILES, Scene } from "./cli_transcript.ts";

/** The program on a pseudo-terminal of 80 by 24, typed to by the test. */
class OnTerminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  shown = "";

  constructor(scene: Scene, args: readonly string[], env: Record<string, string> = {}) {
    const quoted = scene.argv(...args).map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`);
    // Without a wait the last output can be lost between the program's end and script's.
    const command = `stty cols 80 rows 24; ${quoted.join(" ")}; echo "<exit $?>"; sleep 0.1`;
    this.#child = new Deno.Command("script", {
      args: ["--quiet", "--command", command, "/dev/null"],
      clearEnv: true,
      env: scene.environment({ TERM: "xterm-256color", SHELL: "/bin/sh", ...env }),
      cwd: `${scene.folder}/work`,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  async type(keys: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(keys));
  }

  /** Waits until that is on the screen. */
  async see(text: string): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if (this.shown.includes(text)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail(`${JSON.stringify(text)} never came: ${JSON.stringify(this.shown)}`);
  }

  async ended(code: number): Promise<void> {
    await this.see("<exit ");
    assert.match(this.shown, new RegExp(`<exit ${code}>`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keys.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch { /* ended by itself */ }
    await this.#reading;
    await this.#child.status;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      this.shown += decoder.decode(chunk, { stream: true });
    }
  }
}

/** A stand-in for the process that runs a bottle: holds its state and serves its terminal. */
class Owner implements AsyncDisposable {
  readonly #closers: (() => Promise<void>)[] = [];
  readonly typed: string[] = [];
  say: (text: string) => Promise<void> = () => Promise.resolve();
  finish: (code: number) => Promise<void> = () => Promise.resolve();
  readonly sizes: string[] = [];

  async start(scene: Scene, slug: string): Promise<this> {
    const state = await new StateStore(scene.home).reserve(slug) ?? assert.fail("taken");
    const idle = new TransformStream<Uint8Array, Uint8Array>();
    const sink = (): WritableStream<Uint8Array> => new WritableStream();
    const hub = await createAttachHub({
      stdin: idle.readable,
      stdout: sink(),
      stderr: sink(),
      terminal: { size: { columns: 200, rows: 60 }, onResize: () => {} },
    }, usualSocketPath(state.path));
    const stop = new AbortController();
    hub.stdio.terminal?.onResize(
      ({ columns, rows }) => this.sizes.push(`${columns}x${rows}`),
      stop.signal,
    );
    const writer = hub.stdio.stdout.getWriter();
    this.say = (text) => writer.write(new TextEncoder().encode(text));
    this.finish = (code) => hub.finish(code);
    const reading = this.#read(hub.stdio.stdin);
    this.#closers.push(async () => {
      stop.abort();
      await hub[Symbol.asyncDispose]();
      await reading;
      await idle.writable.close().catch(() => {});
      await state.close();
    });
    return this;
  }

  async #read(stdin: ReadableStream<Uint8Array> | undefined): Promise<void> {
    for await (const chunk of stdin ?? []) this.typed.push(new TextDecoder().decode(chunk));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

Deno.test("attach shows the agent's terminal, sends keys and leaves at the detach key", async () => {
  await using scene = await Scene.create();
  await using owner = await new Owner().start(scene, "dev");
  await owner.say("what was there before\r\n");
  await using terminal = new OnTerminal(scene, ["attach", "dev"]);
  await terminal.see("what was there before");
  await terminal.see("joining dev; Ctrl-] d leaves it running");
  await terminal.type("\x03keys");
  await owner.say("\x1b[31mred\x1b[0m");
  await terminal.see("\x1b[31mred\x1b[0m");
  await terminal.type("\x1dd");
  await terminal.ended(0);
  assert.equal(owner.typed.join(""), "\x03keys");
  assert.equal(owner.sizes.includes("80x24"), true);
  assert.match(terminal.shown, /left dev, which goes on/);
  const title = terminal.shown.indexOf("\x1b]0;dev - bot-bottle\x07");
  assert(title >= 0 && terminal.shown.indexOf("\x1b[23;0t") > title, "the title is put back");
  assert(terminal.shown.lastIndexOf("\x1b[?25h") > title, "the cursor is shown again");
});

Deno.test("attach ends with the agent, and with its exit code", async () => {
  await using scene = await Scene.create();
  await using owner = await new Owner().start(scene, "dev");
  await owner.say("here");
  await using terminal = new OnTerminal(scene, ["attach", "dev"]);
  await terminal.see("here");
  await owner.finish(3);
  await terminal.ended(3);
});

Deno.test("attach to what nobody runs, or nobody serves, says so", async () => {
  await using scene = await Scene.create();
  const none = await scene.run(["attach", "dev"]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /Cannot attach to dev: no process on this machine runs it\n.*hint: /);
  await using state = await new StateStore(scene.home).reserve("mute") ?? assert.fail("taken");
  const mute = await scene.run(["attach", state.slug]);
  assert.equal(mute.code, 1);
  assert.match(mute.stderr, /Cannot attach to mute: /);
});

Deno.test("cleanup on a terminal asks, and no is the default", async () => {
  await using scene = await Scene.create();
  const folder = `${scene.home}/state/crashed`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  {
    await using terminal = new OnTerminal(scene, ["cleanup"]);
    await terminal.see("Remove it?");
    await terminal.type("\r");
    await terminal.ended(0);
    assert.match(terminal.shown, /nothing was removed/);
  }
  await Deno.stat(folder);
  {
    await using terminal = new OnTerminal(scene, ["cleanup"]);
    await terminal.see("Remove it?");
    await terminal.type("y");
    await terminal.ended(0);
  }
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("Ctrl-C at a question ends the program with 130 and removes nothing", async () => {
  await using scene = await Scene.create();
  const folder = `${scene.home}/state/crashed`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await using terminal = new OnTerminal(scene, ["cleanup"]);
  await terminal.see("Remove it?");
  await terminal.type("\x03");
  await terminal.ended(130);
  await Deno.stat(folder);
});

Deno.test("a signal at a question ends the program with 130", async () => {
  await using scene = await Scene.create();
  await Deno.mkdir(`${scene.home}/state/crashed`, { recursive: true, mode: 0o700 });
  await using terminal = new OnTerminal(scene, ["cleanup"]);
  await terminal.see("Remove it?");
  const mark = `BOT_BOTTLE_HOME=${scene.home}`;
  for await (const { name } of Deno.readDir("/proc")) {
    const environment = await Deno.readTextFile(`/proc/${name}/environ`).catch(() => "");
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (environment.includes(mark) && command.startsWith(Deno.execPath())) {
      Deno.kill(Number(name), "SIGTERM");
    }
  }
  await terminal.ended(130);
});

Deno.test("colour is for terminals, unless it is not wanted", async () => {
  await using scene = await Scene.create(DEMO_FILES);
  const bold = "\x1b[1mAGENT";
  const cases: [args: string[], env: Record<string, string>, coloured: boolean][] = [
    [[], {}, true],
    [["--no-color"], {}, false],
    [[], { NO_COLOR: "1" }, false],
    [[], { CI: "true" }, false],
    [[], { TERM: "dumb" }, false],
  ];
  for (const [args, env, coloured] of cases) {
    await using terminal = new OnTerminal(scene, ["list", "available", ...args], env);
    await terminal.ended(0);
    assert.equal(terminal.shown.includes(bold), coloured, JSON.stringify([args, env]));
    // The runtime may clear a progress line of its own before the program starts.
    if (!coloured) assert.doesNotMatch(JSON.stringify(terminal.shown), /u001b\[[0-9;]*m/);
  }
});
