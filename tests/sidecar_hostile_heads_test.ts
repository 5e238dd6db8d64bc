import assert from "node:assert/strict";
import { type Attack, attackAll, startArena } from "./sidecar/arena.ts";

const UNPARSED = /^bad_http: what was sent is no well-formed/;
const HIDDEN = "GET {T}/hidden HTTP/1.1\r\nHost: {H}\r\n\r\n";

/** A GET whose header lines are these, complete with their line ends. */
function withLines(lines: string, logged: RegExp, gets = [400]): Attack {
  return { say: `GET {T}/first HTTP/1.1\r\nHost: {H}\r\n${lines}\r\n`, gets, logged };
}

const LINES = {
  "a bare line feed between headers": "X: a\nY: b\r\n",
  "a bare carriage return between headers": "X: a\rY: b\r\n",
  "a bare carriage return in a value": "X: a\rb\r\n",
  "a carriage return too many": "X: a\r\r\n",
  "a folded header": "X: a\r\n b\r\n",
  "a header folded by a tab": "X: a\r\n\tb\r\n",
  "a fold before any header line of its own": " X: a\r\n",
  "a null byte in a value": "X: a\0b\r\n",
  "a null byte in a name": "X\0: a\r\n",
  "a control character in a value": "X: a\x01b\r\n",
  "a delete character in a value": "X: a\x7fb\r\n",
  "an escape sequence in a value": "X: \x1b[2Jb\r\n",
  "a space before the colon": "X : a\r\n",
  "a space in a name": "X Y: a\r\n",
  "an empty name": ": a\r\n",
  "no colon": "X\r\n",
  "a name outside ASCII": "\xe9: a\r\n",
  "an at sign in a name": "X@Y: a\r\n",
  "a head that ends in a bare line feed": "X: a\r\n\n",
};

Deno.test("a header line that two readers read differently goes nowhere", async (t) => {
  await using arena = await startArena();
  const cases: Record<string, Attack> = {};
  for (const [what, lines] of Object.entries(LINES)) cases[what] = withLines(lines, UNPARSED);
  await attackAll(t, arena, {
    ...cases,
    "a second Host": withLines("Host: {H}\r\n", /^host_mismatch: .*more than one Host/),
    "a second Host elsewhere": withLines("host: evil.example.com\r\n", /^host_mismatch: /),
    "no Host": {
      say: "GET {T}/first HTTP/1.1\r\nX: a\r\n\r\n",
      gets: [400],
      logged: /^host_mismatch: .*no Host/,
    },
    "another Host": {
      say: "GET {T}/first HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
      gets: [400],
      logged: /^host_mismatch: Host evil/,
    },
    "a Host with a user": {
      say: "GET {T}/first HTTP/1.1\r\nHost: {H}@{H}\r\n\r\n",
      gets: [400],
      logged: /^host_mismatch: /,
    },
    "a Host with another port": {
      say: "GET {T}/first HTTP/1.1\r\nHost: {H}:8080\r\n\r\n",
      gets: [400],
      logged: /^host_mismatch: /,
    },
    "an empty Host": {
      say: "GET {T}/first HTTP/1.1\r\nHost:\r\n\r\n",
      gets: [400],
      logged: /^host_mismatch: /,
    },
    "a list of Hosts": {
      say: "GET {T}/first HTTP/1.1\r\nHost: {H}, {H}\r\n\r\n",
      gets: [400],
      logged: /^host_mismatch: /,
    },
    "a Host in capitals with a trailing dot is the same one": {
      say: "GET {T}/first HTTP/1.1\r\nHost: {H}.\r\n\r\n",
      gets: [200],
      upstream: ["GET /first HTTP/1.1"],
      logged: null,
      check: (text) => assert.match(text, /^Host: [a-z]+\.example\.com\r\n/m),
    },
    "bytes beyond ASCII in a value arrive as they are": {
      say: "GET {T}/first HTTP/1.1\r\nHost: {H}\r\nX: \xc3\xa9\xff\r\n\r\n",
      gets: [200],
      upstream: ["GET /first HTTP/1.1"],
      logged: null,
      check: (text) => assert.match(text, /^X: \xc3\xa9\xff\r\n/m),
    },
  });
});

const REQUEST_LINES = {
  "spaces at its end": "GET {T}/ HTTP/1.1 ",
  "tabs for spaces": "GET\t{T}/\tHTTP/1.1",
  "a space in front": " GET {T}/ HTTP/1.1",
  "a space in the target": "GET {T}/a b HTTP/1.1",
  "a tab in the target": "GET {T}/a\tb HTTP/1.1",
  "a null byte in the target": "GET {T}/a\0b HTTP/1.1",
  "a null byte in the method": "G\0T {T}/ HTTP/1.1",
  "a method in small letters": "get {T}/ HTTP/1.1",
  "a method of its own": "STEAL {T}/ HTTP/1.1",
  "a protocol in small letters": "GET {T}/ http/1.1",
  "a minor version of two": "GET {T}/ HTTP/1.2",
  "a version of five characters": "GET {T}/ HTTP/1.10",
  "an HTTP/2 preface": "PRI * HTTP/2.0",
  "another protocol": "GET {T}/ ICE/1.0",
  "a bare line feed": "GET {T}/ HTTP/1.1\n",
  "no target": "GET HTTP/1.1",
};

/** Lines that the parser takes, so that only the proxy stands in the way. */
const TAKEN_LINES = {
  "version 2.0": ["GET {T}/ HTTP/2.0", /^bad_http: it is neither/],
  "version 0.9": ["GET {T}/ HTTP/0.9", /^bad_http: it is neither/],
  "no version": ["GET {T}/", /^bad_http: it is neither/],
  "method TRACE": ["TRACE {T}/ HTTP/1.1", /^method_refused: /],
  "a fragment": ["GET {T}/a#b HTTP/1.1", /^bad_target: /],
  "an asterisk": ["OPTIONS * HTTP/1.1", /^bad_target: /],
} as const;

Deno.test("an odd request line goes nowhere", async (t) => {
  await using arena = await startArena();
  const cases: Record<string, Attack> = {};
  for (const [what, line] of Object.entries(REQUEST_LINES)) {
    cases[what] = { say: `${line}\r\nHost: {H}\r\n\r\n`, gets: [400], logged: UNPARSED };
  }
  for (const [what, [line, logged]] of Object.entries(TAKEN_LINES)) {
    const gets = [what === "method TRACE" ? 403 : 400];
    cases[what] = { say: `${line}\r\nHost: {H}\r\n\r\n`, gets, logged };
  }
  await attackAll(t, arena, {
    ...cases,
    "empty lines in front are passed over": {
      say: "\r\n\r\nGET {T}/first HTTP/1.1\r\nHost: {H}\r\n\r\n",
      gets: [200],
      upstream: ["GET /first HTTP/1.1"],
      logged: null,
    },
    "HTTP/1.0 goes on as HTTP/1.1": {
      say: "GET {T}/first HTTP/1.0\r\nHost: {H}\r\n\r\n",
      gets: [200],
      upstream: ["GET /first HTTP/1.1"],
      logged: null,
    },
    "two spaces between its parts are written anew as one": {
      say: "GET  {T}/first HTTP/1.1\r\nHost: {H}\r\n\r\n",
      gets: [200],
      upstream: ["GET /first HTTP/1.1"],
      logged: null,
    },
  });
});

const MANY = Array.from({ length: 250 }, (_, index) => `X-${index}: y\r\n`).join("");

Deno.test("a flood of headers, an odd expectation and an offer of h2c", async (t) => {
  await using arena = await startArena();
  await attackAll(t, arena, {
    "250 headers": withLines(MANY, /^bad_http: .*more than 200 headers/, [431]),
    "250 headers that hide a coding and a Host": withLines(
      `${MANY}Host: evil.example.com\r\nTransfer-Encoding: gzip, chunked\r\n`,
      /^bad_http: .*more than 200 headers/,
      [431],
    ),
    "a header of 70,000 bytes": withLines(
      `X: ${"a".repeat(70_000)}\r\n`,
      /^bad_http: .*larger than/,
      [431],
    ),
    "a name of 70,000 bytes": withLines(
      `${"a".repeat(70_000)}: b\r\n`,
      /^bad_http: .*larger than/,
      [431],
    ),
    "an expectation that nobody can meet": {
      say: `POST {T}/first HTTP/1.1\r\nHost: {H}\r\nExpect: magic\r\nContent-Length: 52\r\n\r\n` +
        HIDDEN,
      gets: [417],
      logged: /^bad_expectation: /,
    },
    "an expectation beside 100-continue": {
      say: `POST {T}/first HTTP/1.1\r\nHost: {H}\r\nExpect: magic, 100-continue\r\n` +
        `Content-Length: 5\r\n\r\nhello`,
      gets: [417],
      logged: /^bad_expectation: /,
    },
    "an offer of h2c is passed over": {
      say: "GET {T}/first HTTP/1.1\r\nHost: {H}\r\nConnection: Upgrade, HTTP2-Settings\r\n" +
        `Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n${HIDDEN}`,
      gets: [200],
      upstream: ["GET /first HTTP/1.1"],
      logged: null,
      check: (text, wire) => {
        assert.doesNotMatch(text, /h2c|http2-settings|upgrade/i);
        assert.match(wire.text(), /^Connection: close\r\n/m);
      },
    },
    "a preface of HTTP/2": {
      say: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
      gets: [400],
      logged: UNPARSED,
    },
    "an upgrade to something else is passed over": {
      say: `GET {T}/first HTTP/1.1\r\nHost: {H}\r\nConnection: Upgrade\r\n` +
        `Upgrade: websocket, h2c\r\n\r\n`,
      gets: [200],
      upstream: ["GET /first HTTP/1.1"],
      logged: null,
      check: (text) => assert.doesNotMatch(text, /upgrade/i),
    },
  });
});
