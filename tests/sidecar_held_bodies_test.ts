import assert from "node:assert/strict";
import { PLAIN, startArena, troubleIn } from "./sidecar/arena.ts";
import { until } from "./sidecar/proxy.ts";
import type { Arrival } from "./sidecar/raw_upstream.ts";
import { dialProxy, type Wire } from "./sidecar/wire.ts";

const MIB = 1024 * 1024;
/** As many of the longest bodies as are read ahead at one time. */
const FULL = 64;
const END = "the end.";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function post(path: string, body: string): string {
  return `POST http://${PLAIN}${path} HTTP/1.1\r\nHost: ${PLAIN}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
}

function saying(wire: Wire, text: string): Wire {
  wire.say(text);
  return wire;
}

Deno.test("bodies wait for room before they are read, and are not refused", async () => {
  await using arena = await startArena();
  const long = post("/long", "it is fine. ".repeat(MIB).slice(0, MIB - END.length) + END);
  const whole = new Set<Arrival>();
  let late = 0;
  arena.plain.script = (arrival) => {
    const last = arrival.text.slice(-600);
    if (last.includes("/late")) {
      late++;
      arrival.text = "";
      arrival.socket.write(OK);
    } else if (last.endsWith(END)) whole.add(arrival);
  };
  const wires = Array.from({ length: FULL }, () => saying(dialProxy(arena.proxy), long));
  await until(() => whole.size === FULL, 30_000);
  const waiting = saying(dialProxy(arena.proxy), post("/late", "a few bytes"));
  const leaving = saying(dialProxy(arena.proxy), post("/late", "of somebody who leaves"));
  const bodiless = saying(
    dialProxy(arena.proxy),
    `GET http://${PLAIN}/late HTTP/1.1\r\nHost: ${PLAIN}\r\n\r\n`,
  );
  await bodiless.settles(() => bodiless.text().endsWith("ok"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(late, 1, "a body was read while there was no room for it");
  leaving.destroy();
  const [first] = whole;
  first?.socket.write(OK);
  await waiting.settles(() => waiting.text().endsWith("ok"));
  assert.match(waiting.text(), /^HTTP\/1\.1 200 OK\r\n/);
  for (const { socket } of whole) socket.write(OK);
  await until(() => wires.every((wire) => wire.text().startsWith("HTTP/1.1 200 OK")), 10_000);
  assert.equal(late, 2);
  // Whether it left before or after its turn came.
  await until(() => troubleIn(arena.proxy.logs).length > 0);
  const reasons = troubleIn(arena.proxy.logs).map(({ reason }) => reason);
  assert.match(
    reasons.join(),
    /^aborted: the (?:agent went away|sender closed before the end)$/,
  );
});
