import assert from "node:assert/strict";
import { BodyRoom, type HeldRoom } from "./body_room.ts";

const NEVER = new AbortController().signal;

/** Asks for room and tells, at any time, whether it was given. */
function ask(room: BodyRoom, bytes: number, signal = NEVER): { held?: HeldRoom; error?: unknown } {
  const asked: { held?: HeldRoom; error?: unknown } = {};
  room.take(bytes, signal).then((held) => asked.held = held, (error) => asked.error = error);
  return asked;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("room is given in the order in which it was asked for, and never more than there is", async () => {
  const room = new BodyRoom(10);
  const [first, large, small] = [ask(room, 6), ask(room, 8), ask(room, 1)];
  await settled();
  assert.deepEqual([first, large, small].map(({ held }) => held !== undefined), [
    true,
    false,
    false,
  ]);
  first.held?.shrink(3);
  await settled();
  assert.equal(large.held, undefined);
  first.held?.release();
  first.held?.release();
  await settled();
  assert.ok(large.held !== undefined && small.held !== undefined);
  // What is given back twice is there once: 8 and 1 of 10 are taken.
  const two = ask(room, 2);
  await settled();
  assert.equal(two.held, undefined);
});

Deno.test("who leaves the line makes room for those behind", async () => {
  const room = new BodyRoom(10);
  const gone = new AbortController();
  ask(room, 6);
  const leaving = ask(room, 8, gone.signal);
  const behind = ask(room, 4);
  await settled();
  assert.equal(behind.held, undefined);
  gone.abort();
  await settled();
  assert.ok(leaving.error instanceof Error);
  assert.ok(behind.held !== undefined);
  const late = ask(room, 8, gone.signal);
  await settled();
  assert.ok(late.error instanceof Error);
});

Deno.test("a body larger than all of the room waits for all of it, not for ever", async () => {
  const room = new BodyRoom(10);
  const all = ask(room, 99);
  const next = ask(room, 1);
  await settled();
  assert.ok(all.held !== undefined && next.held === undefined);
  all.held.release();
  await settled();
  assert.ok(next.held !== undefined);
});
