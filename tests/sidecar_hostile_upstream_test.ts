import assert from "node:assert/strict";
import {
  type Arena,
  assertAlive,
  type Channel,
  fill,
  startArena,
  troubleIn,
  troubleThat,
} from "./sidecar/arena.ts";
import type { Arrival } from "./sidecar/raw_upstream.ts";
import type { Wire } from "./sidecar/wire.ts";

/** What an upstream does to one GET, and what the agent makes of it. */
interface Answer {
  /** Written once the request is there. */
  readonly says: string;
  /** Whether it then ends its side, breaks off, or does nothing. */
  readonly then?: "ends" | "breaks";
  /** Statuses that the agent sees. */
  readonly gets: readonly number[];
  readonly logged?: RegExp;
  /** Whether the agent's connection is over, as far as that matters. */
  readonly isCut?: boolean;
  readonly check?: (text: string) => void;
}

function play(arrival: Arrival, one: Answer): void {
  if (!arrival.text.endsWith("\r\n\r\n")) return;
  arrival.text = "";
  if (one.says !== "") arrival.socket.write(one.says, "latin1");
  if (one.then === "ends") arrival.socket.end();
  if (one.then === "breaks") setTimeout(() => arrival.socket.destroy(), 20);
}

async function run(arena: Arena, channel: Channel, one: Answer): Promise<void> {
  const upstream = arena.upstream(channel);
  upstream.forget();
  upstream.script = (arrival) => play(arrival, one);
  const from = arena.proxy.logs.length;
  const wire: Wire = await arena.dial(channel);
  wire.say(fill("GET {T}/first HTTP/1.1\r\nHost: {H}\r\n\r\n", channel));
  await wire.settles(() => wire.statuses().length >= one.gets.length && one.isCut !== true);
  await wire.settles(() => false, 50);
  assert.deepEqual(wire.statuses(), one.gets);
  if (one.isCut !== undefined) assert.equal(wire.isClosed, one.isCut);
  one.check?.(wire.text());
  wire.destroy();
  if (one.logged !== undefined) await troubleThat(arena, from, one.logged);
  else assert.deepEqual(troubleIn(arena.proxy.logs.slice(from)), []);
  await assertAlive(arena, channel);
}

const FAILED = { gets: [502], logged: /^upstream_failed: / };
const CUT = { gets: [200], logged: /^aborted: /, isCut: true };
const HEAD = "HTTP/1.1 200 OK\r\n";
const HIDDEN = "HTTP/1.1 200 OK\r\nX-Hidden: yes\r\nContent-Length: 0\r\n\r\n";

const MALFORMED: Readonly<Record<string, Answer>> = {
  "both a length and a coding": {
    says: `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ...FAILED,
  },
  "two lengths": { says: `${HEAD}Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello`, ...FAILED },
  "a length that is no number": { says: `${HEAD}Content-Length: +5\r\n\r\nhello`, ...FAILED },
  "a bare line feed between headers": {
    says: `${HEAD}X: a\nContent-Length: 5\r\n\r\nhello`,
    ...FAILED,
  },
  "a folded header": { says: `${HEAD}X: a\r\n b\r\nContent-Length: 2\r\n\r\nok`, ...FAILED },
  "a null byte in a header": { says: `${HEAD}X: a\0b\r\nContent-Length: 2\r\n\r\nok`, ...FAILED },
  "a carriage return in a header": {
    says: `${HEAD}X: a\rb\r\nContent-Length: 2\r\n\r\nok`,
    ...FAILED,
  },
  "a space before a colon": { says: `${HEAD}X : a\r\nContent-Length: 2\r\n\r\nok`, ...FAILED },
  "no HTTP at all": { says: "SSH-2.0-OpenSSH_9.2\r\n\r\n", ...FAILED },
  "a status of two digits": { says: "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok", ...FAILED },
  "another version": { says: "HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok", ...FAILED },
  "nothing, and its end": { says: "", then: "ends", ...FAILED },
  "half a head, and its end": { says: `${HEAD}Content-Le`, then: "ends", ...FAILED },
  "a header of 70,000 bytes": { says: `${HEAD}X: ${"a".repeat(70_000)}\r\n\r\n`, ...FAILED },
  "headers without end": { says: HEAD + "X: aaaaaaaa\r\n".repeat(20_000), ...FAILED },
  "more than 200 headers": {
    says: `${HEAD}${"X: a\r\n".repeat(250)}Content-Length: 2\r\n\r\nok`,
    ...FAILED,
  },
  "an upgrade that nobody asked for": {
    says: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw bytes",
    ...FAILED,
  },
  "informational answers without end": {
    says: "HTTP/1.1 103 Early Hints\r\nX: a\r\n\r\n".repeat(5_000),
    ...FAILED,
  },
};

const BROKEN_BODIES: Readonly<Record<string, Answer>> = {
  "a body shorter than its length": {
    says: `${HEAD}Content-Length: 9\r\n\r\nhello`,
    then: "ends",
    ...CUT,
  },
  "a chunked body that breaks off": {
    says: `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    then: "ends",
    ...CUT,
  },
  "a chunk size with a plus": {
    says: `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n+5\r\nhello\r\n0\r\n\r\n`,
    ...CUT,
  },
  "a chunk size beyond 64 bits": {
    says: `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n${"F".repeat(17)}\r\nhello`,
    ...CUT,
  },
  "a chunk that ends in a bare line feed": {
    says: `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n`,
    ...CUT,
  },
};

const TAMED: Readonly<Record<string, Answer>> = {
  "a second response behind the first is not passed on": {
    says: `${HEAD}Content-Length: 2\r\n\r\nok${HIDDEN}`,
    gets: [200],
    check: (text) => assert.doesNotMatch(text, /X-Hidden/),
  },
  "a body that looks like a response is a body": {
    says: `${HEAD}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    gets: [200, 200],
    check: (text) => assert.match(text, /Content-Length: 53\r\n(?:.+\r\n)*\r\nHTTP\/1\.1 200/),
  },
  "hop-by-hop headers and offers of other protocols stay behind": {
    says:
      `${HEAD}Connection: X-Private, Content-Length\r\nX-Private: 1\r\nKeep-Alive: timeout=1\r\n` +
      `Upgrade: h2c\r\nAlt-Svc: h3=":443"\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nok`,
    gets: [200],
    check: (text) => {
      assert.doesNotMatch(text, /X-Private|timeout=1\b|h2c|alt-svc|proxy-auth/i);
      assert.match(text, /Content-Length: 2\r\n/);
    },
  },
  "a body that ends with the connection arrives whole": {
    says: `${HEAD}\r\nhello`,
    then: "ends",
    gets: [200],
    check: (text) => assert.match(text, /Transfer-Encoding: chunked[\s\S]*\r\n5\r\nhello\r\n0\r\n/),
  },
  "early hints come before the answer": {
    says: `HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Other: 1\r\n\r\n` +
      `${HEAD}Content-Length: 2\r\n\r\nok`,
    gets: [103, 200],
    check: (text) => {
      assert.match(text, /^HTTP\/1\.1 103 .*\r\nLink: <\/a>; rel=preload\r\n/i);
      assert.doesNotMatch(text, /X-Other/);
    },
  },
  "other informational answers stay behind": {
    says:
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${HEAD}Content-Length: 2\r\n\r\nok`,
    gets: [200],
  },
  "204 and 304 have no body": {
    says: `HTTP/1.1 304 Not Modified\r\nContent-Length: 400\r\n\r\n`,
    gets: [304],
  },
};

for (
  const [what, table] of Object.entries({
    "an upstream's answer that is no HTTP is a 502": MALFORMED,
    "an upstream's body that breaks is no regular end to the agent": BROKEN_BODIES,
    "an upstream's odd answer is put right": TAMED,
  })
) {
  Deno.test(what, async (t) => {
    await using arena = await startArena();
    for (const [name, one] of Object.entries(table)) {
      for (const channel of ["plain", "tunnel"] as const) {
        await t.step(`${name} (${channel})`, () => run(arena, channel, one));
      }
    }
  });
}
