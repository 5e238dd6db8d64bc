import assert from "node:assert/strict";
import { type Attack, attackAll, startArena } from "./sidecar/arena.ts";

const HIDDEN = "GET {T}/hidden HTTP/1.1\r\nHost: {H}\r\n\r\n";
const UNPARSED = /^bad_http: /;

/** A request with these header lines that has this behind its head; it must go nowhere. */
function refused(lines: string, rest: string, logged: RegExp): Attack {
  const say = `POST {T}/first HTTP/1.1\r\nHost: {H}\r\n${lines}\r\n\r\n${rest}`;
  return { say, gets: [400], logged };
}

const CODINGS = {
  "with x in front": "xchunked",
  "in quotes": '"chunked"',
  "with a parameter": "chunked;q=1",
  "after a vertical tab": "\x0bchunked",
  "cut by a vertical tab": "chunk\x0bed",
  "before identity": "chunked, identity",
  "twice": "chunked, chunked",
  "before a comma": "chunked,",
  "that is identity": "identity",
  "that is gzip alone": "gzip",
  "that is empty": "",
};

/** Codings that the parser takes for chunked, so that only the policy stands in the way. */
const LISTED = {
  "after identity": "identity, chunked",
  "after gzip": "gzip, chunked",
  "after a comma": ",chunked",
};

Deno.test("a body whose end could be seen elsewhere goes nowhere: Transfer-Encoding", async (t) => {
  await using arena = await startArena();
  const cases: Record<string, Attack> = {};
  for (const [what, coding] of Object.entries(CODINGS)) {
    const lines = `Transfer-Encoding: ${coding}`;
    cases[`a coding ${what}`] = refused(lines, `0\r\n\r\n${HIDDEN}`, /^bad_h/);
  }
  for (const [what, coding] of Object.entries(LISTED)) {
    const lines = `Transfer-Encoding: ${coding}`;
    cases[`a coding ${what}`] = refused(lines, `0\r\n\r\n${HIDDEN}`, /^bad_header: Transfer-Enc/);
  }
  const both = "Content-Length: 4\r\nTransfer-Encoding: chunked";
  await attackAll(t, arena, {
    ...cases,
    "Content-Length before Transfer-Encoding": refused(both, `0\r\n\r\n${HIDDEN}`, UNPARSED),
    "Transfer-Encoding before Content-Length": refused(
      both.split("\r\n").reverse().join("\r\n"),
      `0\r\n\r\n${HIDDEN}`,
      UNPARSED,
    ),
    "identity in a second header": refused(
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      `0\r\n\r\n${HIDDEN}`,
      UNPARSED,
    ),
    "identity in a first header": refused(
      "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
      `0\r\n\r\n${HIDDEN}`,
      /^bad_header: Transfer-Encoding/,
    ),
    "a space before the colon": refused("Transfer-Encoding : chunked", HIDDEN, UNPARSED),
    "a tab before the colon": refused("Transfer-Encoding\t: chunked", HIDDEN, UNPARSED),
    "a coding in HTTP/1.0": {
      say: `POST {T}/first HTTP/1.0\r\nHost: {H}\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `0\r\n\r\n${HIDDEN}`,
      gets: [400],
      logged: /^bad_http: a request of HTTP\/1.0 has no Transfer-Encoding/,
    },
    "mixed case and a tab are chunked, and are written anew": {
      say: `POST {T}/first HTTP/1.1\r\nHost: {H}\r\nTransfer-encodinG:\tCHUNKED \r\n\r\n` +
        `5\r\nhello\r\n0\r\n\r\n${HIDDEN}`,
      gets: [200, 200],
      upstream: ["POST /first HTTP/1.1", "GET /hidden HTTP/1.1"],
      logged: null,
      check: (text) => assert.match(text, /^Transfer-Encoding: chunked\r\n/m),
    },
  });
});

const LENGTHS = {
  "with a plus": "+5",
  "with a minus": "-5",
  "in hex": "0x5",
  "with letters behind": "5a",
  "with a fraction": "5.0",
  "with an exponent": "1e1",
  "that is a list of one value": "5, 5",
  "that is a list of two values": "5,6",
  "that is empty": "",
  "beyond 64 bits": "18446744073709551621",
  "of many digits": "9".repeat(400),
  "with a vertical tab": "5\x0b",
};

Deno.test("a body whose end could be seen elsewhere goes nowhere: Content-Length", async (t) => {
  await using arena = await startArena();
  const cases: Record<string, Attack> = {};
  for (const [what, length] of Object.entries(LENGTHS)) {
    cases[`a length ${what}`] = refused(`Content-Length: ${length}`, `hello${HIDDEN}`, UNPARSED);
  }
  await attackAll(t, arena, {
    ...cases,
    "the same length twice": refused(
      "Content-Length: 5\r\nContent-Length: 5",
      `hello${HIDDEN}`,
      UNPARSED,
    ),
    "two lengths": refused("Content-Length: 5\r\nContent-Length: 0", `hello${HIDDEN}`, UNPARSED),
    "a length that a 15-digit reader would miss": refused(
      "Content-Length: 0000000000000005",
      `hello${HIDDEN}`,
      /^bad_header: Content-Length/,
    ),
    "a body longer than its length is two requests, each decided on": {
      say: `POST {T}/first HTTP/1.1\r\nHost: {H}\r\nContent-Length:\t5 \r\n\r\nhello${HIDDEN}`,
      gets: [200, 200],
      upstream: ["POST /first HTTP/1.1", "GET /hidden HTTP/1.1"],
      logged: null,
      check: (text) => assert.match(text, /^Content-Length: 5\r\n/m),
    },
    "the body of a GET stays with its GET": {
      say: `GET {T}/first HTTP/1.1\r\nHost: {H}\r\nContent-Length: 5\r\n\r\nhello${HIDDEN}`,
      gets: [200, 200],
      upstream: ["GET /first HTTP/1.1", "GET /hidden HTTP/1.1"],
      logged: null,
      check: (text) => assert.match(text, /\r\n\r\nhelloGET|\r\n\r\nhello$/),
    },
  });
});

const CHUNKS = {
  "a size in 0x form": "0x5\r\nhello\r\n0\r\n\r\n",
  "a size with a plus": "+5\r\nhello\r\n0\r\n\r\n",
  "a size with a minus": "-5\r\nhello\r\n0\r\n\r\n",
  "a size behind a space": " 5\r\nhello\r\n0\r\n\r\n",
  "a size before a space": "5 \r\nhello\r\n0\r\n\r\n",
  "no size": "\r\nhello\r\n0\r\n\r\n",
  "an extension alone": ";a\r\nhello\r\n0\r\n\r\n",
  "a size of 17 digits": "10000000000000005\r\nhello\r\n0\r\n\r\n",
  "a bare line feed after the size": "5\nhello\r\n0\r\n\r\n",
  "a bare carriage return after the size": "5\rhello\r\n0\r\n\r\n",
  "a bare line feed after the data": "5\r\nhello\n0\r\n\r\n",
  "a bare line feed in an extension": "5;a\nb\r\nhello\r\n0\r\n\r\n",
  "a line break in a quoted extension": '5;a="\r\n"\r\nhello\r\n0\r\n\r\n',
  "more data than the size": "5\r\nhelloXX0\r\n\r\n",
  "no line break after the data": "5\r\nhello0\r\n\r\n",
  "bare line feeds at the end": "5\r\nhello\r\n0\n\n",
  "a trailer without a colon": "5\r\nhello\r\n0\r\nX y\r\n\r\n",
  "a trailer ended by a bare line feed": "5\r\nhello\r\n0\r\nX: y\n\r\n",
  "a length among the trailers": "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
  "a coding among the trailers": "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
};

Deno.test("a chunked body that two readers cut differently goes nowhere", async (t) => {
  await using arena = await startArena();
  const head = "POST {T}/first HTTP/1.1\r\nHost: {H}\r\nTransfer-Encoding: chunked\r\n\r\n";
  const cases: Record<string, Attack> = {};
  for (const [what, body] of Object.entries(CHUNKS)) {
    cases[what] = { say: `${head}${body}${HIDDEN}`, gets: [400], logged: UNPARSED };
  }
  await attackAll(t, arena, {
    ...cases,
    "extensions and leading zeros stay behind": {
      say: `${head}0005;a=b\r\nhello\r\n00\r\nX-Sum: y\r\n\r\n${HIDDEN}`,
      gets: [200, 200],
      upstream: ["POST /first HTTP/1.1", "GET /hidden HTTP/1.1"],
      logged: null,
      check: (text) => assert.match(text, /\r\n\r\n5\r\nhello\r\n0\r\nx-sum: y\r\n\r\n/i),
    },
  });
});
