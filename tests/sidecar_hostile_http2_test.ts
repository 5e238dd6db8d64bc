import assert from "node:assert/strict";
import {
  type Arena,
  assertAlive,
  HOST,
  startArena,
  troubleIn,
  troubleThat,
} from "./sidecar/arena.ts";
import { block, type Field, FLAG, FRAME, frame, framesIn, PREFACE } from "./sidecar/frames.ts";
import { dialTunnel, type Wire } from "./sidecar/wire.ts";

/** A request of one HTTP/2 stream and what has to come of it; the upstream speaks HTTP/1.1. */
interface Case {
  /** Instead of those of a GET of /first. */
  readonly fields?: readonly Field[];
  /** Besides them. */
  readonly more?: readonly Field[];
  readonly data?: string;
  readonly trailers?: readonly Field[];
  /** First lines of what the upstream gets; nothing unless given. */
  readonly upstream?: readonly string[];
  readonly logged?: RegExp;
  /** What the body of the answer has. */
  readonly says?: RegExp;
  readonly check?: (text: string) => void;
}

const GET: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/first"],
  [":authority", HOST],
];

/** The fields of a GET with one replaced. */
function but(name: string, value: string): readonly Field[] {
  return GET.map((field): Field => field[0] === name ? [name, value] : field);
}

const POST = but(":method", "POST");

function without(name: string): readonly Field[] {
  return GET.filter((field) => field[0] !== name);
}

function say(wire: Wire, one: Case): void {
  const { fields = GET, more = [], data, trailers } = one;
  const isShort = data === undefined && trailers === undefined;
  wire.say(PREFACE);
  wire.say(
    frame(FRAME.headers, FLAG.head | (isShort ? FLAG.end : 0), 1, block([...fields, ...more])),
  );
  if (data !== undefined) {
    const last = trailers === undefined ? FLAG.end : 0;
    wire.say(frame(FRAME.data, last, 1, Buffer.from(data, "latin1")));
  }
  if (trailers !== undefined) {
    wire.say(frame(FRAME.headers, FLAG.head | FLAG.end, 1, block(trailers)));
  }
}

/** Did the stream end, or its connection? */
function isOver(wire: Wire): boolean {
  return framesIn(Buffer.concat(wire.received)).some(({ type, flags, stream }) =>
    type === FRAME.goaway || (stream === 1 && (type === FRAME.reset || (flags & FLAG.end) === 1))
  );
}

function bodyOf(wire: Wire): string {
  return framesIn(Buffer.concat(wire.received)).filter(({ type }) => type === FRAME.data)
    .map(({ payload }) => Buffer.from(payload).toString("latin1")).join("");
}

async function run(arena: Arena, one: Case): Promise<void> {
  arena.secure.forget();
  const from = arena.proxy.logs.length;
  const wire = await dialTunnel(arena.proxy, { target: `${HOST}:443`, alpn: ["h2"] });
  say(wire, one);
  await wire.settles(() => isOver(wire));
  await wire.settles(() => false, 30);
  assert.deepEqual(arena.secure.requestLines(), one.upstream ?? []);
  one.check?.(arena.secure.text());
  if (one.says !== undefined) assert.match(bodyOf(wire), one.says);
  if (one.upstream !== undefined) assert.equal(bodyOf(wire), "ok");
  wire.destroy();
  if (one.logged !== undefined) await troubleThat(arena, from, one.logged);
  else assert.deepEqual(troubleIn(arena.proxy.logs.slice(from)), []);
  await assertAlive(arena, "tunnel");
}

const BROKEN = /^bad_http: .*HTTP\/2/;
const UNSAID = { upstream: ["GET /first HTTP/1.1"] };

/** Against the protocol itself: nothing goes on, and the connection ends. */
const AGAINST_PROTOCOL: Readonly<Record<string, Case>> = {
  "a length less than the body": { fields: POST, more: [["content-length", "3"]], data: "hello" },
  "a length more than the body": { fields: POST, more: [["content-length", "9"]], data: "hello" },
  "a length of zero with a body": { fields: POST, more: [["content-length", "0"]], data: "hello" },
  "a length without a body": { fields: POST, more: [["content-length", "5"]] },
  "two lengths": {
    fields: POST,
    more: [["content-length", "5"], ["content-length", "6"]],
    data: "hello",
  },
  "a length with a plus": { fields: POST, more: [["content-length", "+5"]], data: "hello" },
  "a list of lengths": { fields: POST, more: [["content-length", "5, 5"]], data: "hello" },
  "Transfer-Encoding": {
    fields: POST,
    more: [["transfer-encoding", "chunked"]],
    data: "0\r\n\r\n",
  },
  "Connection": { more: [["connection", "close"]] },
  "Upgrade": { more: [["upgrade", "websocket"]] },
  "Keep-Alive": { more: [["keep-alive", "x"]] },
  "Proxy-Connection": { more: [["proxy-connection", "x"]] },
  "TE with a coding": { more: [["te", "gzip"]] },
  "a space in :path": { fields: but(":path", "/a b") },
  "a request hidden in :path": { fields: but(":path", "/ HTTP/1.1\r\nX: y") },
  "an absolute :path": { fields: but(":path", "http://evil.example.com/") },
  "an empty :path": { fields: but(":path", "") },
  "an asterisk as :path": { fields: but(":path", "*") },
  "a null byte in :path": { fields: but(":path", "/\0") },
  "capitals in a name": { more: [["X", "a"]] },
  "two methods": { more: [[":method", "POST"]] },
  "two paths": { more: [[":path", "/second"]] },
  "two authorities": { more: [[":authority", "evil.example.com"]] },
  "a pseudo-header behind a header": {
    fields: [...without(":path"), ["x", "y"], [":path", "/first"]],
  },
  "an unknown pseudo-header": { more: [[":foo", "y"]] },
  "a status": { more: [[":status", "200"]] },
  "an extended CONNECT": { fields: but(":method", "CONNECT"), more: [[":protocol", "websocket"]] },
  "two Hosts": { more: [["host", HOST], ["host", "evil.example.com"]] },
  "no path": { fields: without(":path") },
  "no scheme": { fields: without(":scheme") },
  "no method": { fields: without(":method") },
  "no authority": { fields: without(":authority") },
  "a space in the method": { fields: but(":method", "G T") },
  "a request hidden in the method": { fields: but(":method", "GET / HTTP/1.1\r\n\r\nGET") },
  "an empty method": { fields: but(":method", "") },
  "a user in the authority": { fields: but(":authority", `user@${HOST}`) },
  "an empty authority": { fields: but(":authority", "") },
  "a path among the trailers": { fields: POST, data: "hello", trailers: [[":path", "/second"]] },
  "a length among the trailers": {
    fields: POST,
    data: "hello",
    trailers: [["content-length", "9"]],
  },
  "a coding among the trailers": {
    fields: POST,
    data: "hello",
    trailers: [["transfer-encoding", "chunked"]],
  },
};

/** Well-formed for the protocol: the policy refuses it. */
const AGAINST_POLICY: Readonly<Record<string, Case>> = {
  "another Host": { more: [["host", "evil.example.com"]], logged: /^host_mismatch: / },
  "another authority": { fields: but(":authority", "evil.example.com"), logged: /^host_mism/ },
  "another port": { fields: but(":authority", `${HOST}:80`), logged: /^host_mismatch: / },
  "the scheme http": { fields: but(":scheme", "http"), logged: /^bad_http: its scheme/ },
  "a scheme of its own": { fields: but(":scheme", "ftp"), logged: /^bad_http: its scheme/ },
  "a fragment": { fields: but(":path", "/#a"), logged: /^bad_target: / },
  "raw bytes in the path": { fields: but(":path", "/\xff"), logged: /^bad_target: / },
  "a backslash in the path": { fields: but(":path", "/\\.."), logged: /^bad_target: / },
  "TRACE": { fields: but(":method", "TRACE"), logged: /^method_refused: / },
  "an odd expectation": { more: [["expect", "magic"]], logged: /^bad_expectation: / },
  "250 headers": {
    more: Array.from({ length: 250 }, (_, index): Field => [`x-${index}`, "y"]),
    logged: /^bad_http: /,
  },
};

/** What the protocol drops, and what is nothing bad at all. */
const HARMLESS: Readonly<Record<string, Case>> = {
  "line breaks, null bytes and controls in values": {
    more: ["a\rb", "a\nb: c", "a\r\nb: c", "a\0b", "a\x01b", "a\x7f"].map((
      value,
    ): Field => ["x", value]),
    ...UNSAID,
    check: (text) => assert.doesNotMatch(text, /^x:|^b:/im),
  },
  "names with line breaks, colons, spaces and nothing": {
    more: ["", "x:y", "x y", "x\0", "x\r\ny"].map((name): Field => [name, "a"]),
    ...UNSAID,
    check: (text) => assert.doesNotMatch(text, /^(?:x.*|y)?: a/im),
  },
  "a line break in a trailer": {
    fields: POST,
    data: "hello",
    trailers: [["x", "a\r\nb: c"]],
    upstream: ["POST /first HTTP/1.1"],
    check: (text) => assert.doesNotMatch(text, /^x:|^b:/im),
  },
  "the same Host beside the authority": { more: [["host", HOST]], ...UNSAID },
  "a Host in place of the authority": {
    fields: without(":authority"),
    more: [["host", HOST]],
    ...UNSAID,
    check: (text) => assert.equal(text.match(/^host:/gim)?.length, 1),
  },
  "the body of a GET": {
    data: "hello",
    ...UNSAID,
    check: (text) => assert.match(text, /\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/),
  },
  "a body that says it is chunked": {
    fields: POST,
    data: "0\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n",
    upstream: ["POST /first HTTP/1.1"],
    check: (text) => assert.match(text, /\r\n\r\n1d\r\n0\r\n\r\nGET \/hidden/i),
  },
  "an expectation to go on": {
    fields: POST,
    more: [["expect", "100-continue"], ["content-length", "5"]],
    data: "hello",
    upstream: ["POST /first HTTP/1.1"],
    check: (text) => assert.doesNotMatch(text, /^expect:/im),
  },
  "two cookies": {
    more: [["cookie", "a=b"], ["cookie", "c=d"]],
    ...UNSAID,
    check: (text) => assert.match(text, /^Cookie: a=b; c=d\r\n/m),
  },
};

Deno.test("nothing that HTTP/2 forbids reaches an upstream of HTTP/1.1", async (t) => {
  await using arena = await startArena();
  for (const [what, one] of Object.entries(AGAINST_PROTOCOL)) {
    await t.step(what, () => run(arena, { logged: BROKEN, ...one }));
  }
  await t.step("CONNECT", () =>
    run(arena, {
      fields: [[":method", "CONNECT"], [":authority", `${HOST}:443`]],
      logged: /^bad_http: its scheme/,
    }));
});

Deno.test("an HTTP/2 request that the policy refuses goes nowhere", async (t) => {
  await using arena = await startArena();
  for (const [what, one] of Object.entries(AGAINST_POLICY)) {
    await t.step(what, () => run(arena, one));
  }
});

Deno.test("an odd HTTP/2 request becomes exactly one of HTTP/1.1", async (t) => {
  await using arena = await startArena();
  for (const [what, one] of Object.entries(HARMLESS)) await t.step(what, () => run(arena, one));
});
