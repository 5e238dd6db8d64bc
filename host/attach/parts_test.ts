import assert from "node:assert/strict";
import fc from "fast-check";
import { DetachKey } from "./detach_key.ts";
import { decodeFrames, encodeData, FrameError, FrameType } from "./frames.ts";
import { ReplayBuffer } from "./replay.ts";
import { findSocketPlace } from "./socket_place.ts";

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
  await Promise.resolve();
}

async function decode(bytes: Uint8Array, size: number): Promise<number[]> {
  const data: number[] = [];
  for await (const frame of decodeFrames(chunksOf(bytes, size))) data.push(...frame.payload);
  return data;
}

Deno.test("frames survive any cutting of the stream", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 50 }),
      async (payload, size) => {
        const bytes = encodeData(FrameType.data, payload).flatMap((frame) => [...frame]);
        assert.deepEqual(await decode(new Uint8Array(bytes), size), [...payload]);
      },
    ),
  );
});

Deno.test("bytes that are no frames end in FrameError or in silence, never in a crash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      try {
        await decode(bytes, 7);
      } catch (error) {
        assert(error instanceof FrameError);
      }
    }),
  );
});

Deno.test("the detach key works across chunks, and only in full", () => {
  const typed = (...chunks: string[]): string => {
    const key = new DetachKey();
    return chunks.map((chunk) => {
      const { bytes, detach } = key.read(new TextEncoder().encode(chunk));
      return new TextDecoder().decode(bytes) + (detach ? "<out>" : "");
    }).join("");
  };
  assert.equal(typed("ab\x1d", "dzz"), "ab<out>");
  assert.equal(typed("\x1d\x1dd"), "\x1dd");
  assert.equal(typed("\x1dx", "d"), "\x1dxd");
  assert.equal(typed("d"), "d");
});

Deno.test("a replay starts at a line or an escape sequence once its beginning is lost", () => {
  const replay = new ReplayBuffer(10);
  const push = (text: string): void => replay.push(new TextEncoder().encode(text));
  const text = (): string => new TextDecoder().decode(replay.read());
  push("short");
  assert.equal(text(), "short");
  push("38;5m\x1b[0mabc");
  assert.equal(text(), "\x1b[0mabc");
  push("0123456789012345");
  assert.equal(text(), "");
});

Deno.test("a socket whose path would be too long lies in a private folder elsewhere", async () => {
  const runtime = await Deno.makeTempDir();
  try {
    const near = await findSocketPlace("/short/state/dev", runtime);
    assert.deepEqual([near.path, near.elsewhere], ["/short/state/dev/attach.sock", false]);
    const far = await findSocketPlace(`/${"long/".repeat(30)}dev`, runtime);
    assert.equal(far.elsewhere, true);
    assert(far.path.startsWith(`${runtime}/bot-bottle-`) && far.path.length < 104);
    const folder = far.path.slice(0, far.path.lastIndexOf("/"));
    assert.equal(((await Deno.stat(folder)).mode ?? 0) & 0o777, 0o700);
    await far.release();
    await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
  } finally {
    await Deno.remove(runtime, { recursive: true });
  }
});
