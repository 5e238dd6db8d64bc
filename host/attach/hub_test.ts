import assert from "node:assert/strict";
import type { Stdio, TerminalSize } from "../../backends/backend.ts";
import { attachTo } from "./client.ts";
import { encodeFrame, FrameType } from "./frames.ts";
import { createAttachHub } from "./hub.ts";

const SIZE: TerminalSize = { columns: 100, rows: 40 };

/** A terminal in memory. */
class FakeTerminal {
  shown = "";
  resize: (size: TerminalSize) => void = () => {};
  readonly #input = new TransformStream<Uint8Array, Uint8Array>();
  readonly #writer = this.#input.writable.getWriter();
  readonly #encoder = new TextEncoder();
  readonly stdio: Stdio;

  constructor(size: TerminalSize | undefined = SIZE) {
    this.stdio = {
      stdin: this.#input.readable,
      stdout: this.#screen(),
      stderr: this.#screen(),
      ...(size && {
        terminal: { size, onResize: (listener) => void (this.resize = listener) },
      }),
    };
  }

  type(text: string): void {
    this.#writer.write(this.#encoder.encode(text)).catch(() => {});
  }

  hangUp(): void {
    this.#writer.close().catch(() => {});
  }

  async until(text: string): Promise<void> {
    await eventually(() => this.shown.includes(text), () => `${text} in ${this.shown}`);
  }

  #screen(): WritableStream<Uint8Array> {
    return new WritableStream({
      write: (chunk) => void (this.shown += new TextDecoder().decode(chunk)),
    });
  }
}

async function eventually(check: () => boolean, what: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never came: ${what()}`);
}

async function withHub(
  test: (scene: {
    own: FakeTerminal;
    agent: Stdio;
    say(text: string): Promise<void>;
    socket: string;
    finish(code: number): Promise<void>;
  }) => Promise<void>,
  own = new FakeTerminal(),
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const socket = `${folder}/attach.sock`;
  try {
    await using hub = await createAttachHub(own.stdio, socket);
    const writer = hub.stdio.stdout.getWriter();
    const encoder = new TextEncoder();
    const say = (text: string): Promise<void> => writer.write(encoder.encode(text));
    await test({ own, agent: hub.stdio, say, socket, finish: (code) => hub.finish(code) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const never = new AbortController().signal;

Deno.test("whoever joins sees what was shown before and what comes, as the owner does", () =>
  withHub(async ({ own, say, socket, finish }) => {
    await say("before ");
    const guest = new FakeTerminal();
    const visit = attachTo(socket, { stdio: guest.stdio, signal: never });
    await guest.until("before");
    await say("after");
    await guest.until("before after");
    assert.equal(own.shown, "before after");
    await finish(7);
    assert.deepEqual(await visit, { kind: "ended", code: 7 });
    guest.hangUp();
  }));

Deno.test("input of the owner and of guests reaches the agent", () =>
  withHub(async ({ own, agent, socket }) => {
    let got = "";
    const reading = (async () => {
      for await (const chunk of agent.stdin ?? []) got += new TextDecoder().decode(chunk);
    })();
    const guest = new FakeTerminal();
    const visit = attachTo(socket, { stdio: guest.stdio, signal: never });
    own.type("a");
    guest.type("b\x1d\x1dc");
    await eventually(() => [...got].sort().join("") === "\x1dabc", () => got);
    guest.type("d\x1dd");
    assert.deepEqual(await visit, { kind: "detached" });
    await eventually(() => got.includes("d"), () => got);
    own.hangUp();
    await reading;
    guest.hangUp();
  }));

Deno.test("the agent's terminal gets the size that fits all, and the owner's again afterwards", () =>
  withHub(async ({ own, agent, socket }) => {
    const sizes: string[] = [];
    const last = (): string => sizes.at(-1) ?? "";
    agent.terminal?.onResize(({ columns, rows }) => sizes.push(`${columns}x${rows}`), never);
    const guest = new FakeTerminal({ columns: 80, rows: 50 });
    const visit = attachTo(socket, { stdio: guest.stdio, signal: never });
    await eventually(() => last() === "80x40", last);
    guest.resize({ columns: 90, rows: 20 });
    await eventually(() => last() === "90x20", last);
    own.resize({ columns: 70, rows: 30 });
    await eventually(() => last() === "70x20", last);
    guest.type("\x1dd");
    await visit;
    await eventually(() => last() === "70x30", last);
    guest.hangUp();
    own.hangUp();
  }));

Deno.test("a guest who does not read is let go and holds nobody up", () =>
  withHub(async ({ own, say, socket }) => {
    const stuck = await Deno.connect({ transport: "unix", path: socket });
    await stuck.write(encodeFrame(FrameType.hello, new Uint8Array([1, 0])));
    await stuck.read(new Uint8Array(64));
    const block = "x".repeat(256 * 1024);
    for (let round = 0; round < 32; round++) await say(block);
    assert.equal(own.shown.length, 32 * block.length);
    let total = 0;
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await stuck.read(buffer).catch(() => null);
      if (count === null) break;
      total += count;
    }
    assert(total < 4 * 1024 * 1024, `${total} bytes were kept for it`);
    stuck.close();
  }));

Deno.test("a guest who does not speak the protocol is let go", () =>
  withHub(async ({ say, socket }) => {
    const hello = encodeFrame(FrameType.hello, new Uint8Array([1, 0]));
    const tooLong = new Uint8Array([2, 0xff, 0xff, 0xff, 0xff]);
    const rude: Uint8Array[] = [
      new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
      encodeFrame(FrameType.hello, new Uint8Array([9, 0])),
      encodeFrame(FrameType.data, new Uint8Array([65])),
      new Uint8Array([...hello, ...tooLong]),
      new Uint8Array([...hello, ...encodeFrame(FrameType.exit, new Uint8Array(4))]),
      new Uint8Array([...hello, ...encodeFrame(FrameType.resize, new Uint8Array(3))]),
    ];
    for (const bytes of rude) {
      using connection = await Deno.connect({ transport: "unix", path: socket });
      await connection.write(bytes);
      const buffer = new Uint8Array(1024);
      while (await connection.read(buffer).catch(() => null) !== null);
    }
    await say("still here");
  }));

Deno.test("the socket is for its owner only and gone at the end", async () => {
  const folder = await Deno.makeTempDir();
  const socket = `${folder}/attach.sock`;
  const hub = await createAttachHub(new FakeTerminal().stdio, socket);
  assert.equal(((await Deno.stat(socket)).mode ?? 0) & 0o777, 0o600);
  await hub[Symbol.asyncDispose]();
  await assert.rejects(Deno.stat(socket), Deno.errors.NotFound);
  await Deno.remove(folder);
});

Deno.test("a guest is told when the process that ran the bottle is gone", async () => {
  const folder = await Deno.makeTempDir();
  const hub = await createAttachHub(new FakeTerminal().stdio, `${folder}/attach.sock`);
  const guest = new FakeTerminal();
  const visit = attachTo(`${folder}/attach.sock`, { stdio: guest.stdio, signal: never });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await hub[Symbol.asyncDispose]();
  assert.deepEqual(await visit, { kind: "lost" });
  guest.hangUp();
  await Deno.remove(folder);
});
