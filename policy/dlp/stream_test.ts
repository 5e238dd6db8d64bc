import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import {
  createScanner,
  ENCODINGS,
  kinds,
  REQUEST,
  SECRET,
  SECRET_NAME,
  TOKEN,
  utf8,
} from "../../tests/doubles/dlp.ts";
import type { Finding } from "./finding.ts";
import type { StreamScan, StreamStep } from "./scan.ts";
import { BLOCK } from "./stream_window.ts";

const scanner = createScanner();

interface Sent {
  readonly released: Uint8Array;
  readonly findings: readonly Finding[];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Sends a body in chunks that end at the cuts, with a pause behind some, until it is stopped. */
function send(
  bytes: Uint8Array,
  cuts: readonly { readonly at: number; readonly pause: boolean }[],
  answer: (stream: StreamScan, step: StreamStep) => StreamStep = (_, step) => step,
): Sent {
  const stream = scanner.stream(REQUEST);
  const released: Uint8Array[] = [];
  const take = (step: StreamStep): readonly Finding[] => {
    const final = step.ok ? step : answer(stream, step);
    if (!final.ok) return final.findings;
    released.push(...final.release);
    return [];
  };
  const ordered = [...cuts, { at: bytes.length, pause: false }].toSorted((a, b) => a.at - b.at);
  let at = 0;
  let findings: readonly Finding[] = [];
  for (const cut of ordered) {
    findings = take(stream.push(bytes.slice(at, cut.at)));
    if (findings.length === 0 && cut.pause) findings = take(stream.pause());
    if (findings.length > 0) return { released: join(released), findings };
    at = cut.at;
  }
  findings = take(stream.end());
  return { released: join(released), findings };
}

/** Bodies of filler with values planted in them, and ways to cut them. */
function bodies(size: number): fc.Arbitrary<{
  bytes: Uint8Array;
  cuts: { at: number; pause: boolean }[];
}> {
  const filler = fc.constantFrom(
    "lorem ipsum dolor ",
    '{"role":"user","content":"a\\nb \\"c\\""},',
    "aGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0",
    "\u00fcber caf\u00e9 \u2014 ",
    "%20%2F%41 ",
    "---------------",
    "\0\u0001\u0002",
  );
  const plant = fc.record({
    encode: fc.constantFrom(...Object.values(ENCODINGS)),
    value: fc.constantFrom(TOKEN, SECRET, SECRET.slice(3, 17)),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  return fc.record({
    filler,
    plants: fc.array(plant, { maxLength: 2 }),
    length: fc.integer({ min: 0, max: size }),
    cuts: fc.array(
      fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), pause: fc.boolean() }),
      { maxLength: 12 },
    ),
  }).map(({ filler, plants, length, cuts }) => {
    const text = utf8(filler.repeat(Math.ceil(length / filler.length)));
    let bytes = text;
    for (const { encode, value, at } of plants) {
      const written = encode(value);
      const place = Math.floor(at * bytes.length);
      const planted = typeof written === "string" ? utf8(` ${written} `) : written;
      bytes = join([bytes.subarray(0, place), planted, bytes.subarray(place)]);
    }
    return {
      bytes,
      cuts: cuts.map(({ at, pause }) => ({ at: Math.floor(at * bytes.length), pause })),
    };
  });
}

Deno.test("however a body is cut, it is judged as a whole, and no whole match leaves", () => {
  fc.assert(
    fc.property(bodies(3000), ({ bytes, cuts }) => {
      const whole = scanner.scan(bytes, REQUEST);
      const { released, findings } = send(bytes, cuts);
      assert.equal(findings.length > 0, whole.length > 0, kinds(whole).join());
      assert.deepEqual(kinds(scanner.scan(released, REQUEST)), []);
      if (whole.length === 0) assert.deepEqual(released, bytes);
    }),
    { numRuns: 600 },
  );
});

Deno.test("bodies of several blocks are judged alike however they are cut", () => {
  fc.assert(
    fc.property(bodies(2.5 * BLOCK), ({ bytes, cuts }) => {
      const whole = scanner.scan(bytes, REQUEST);
      const { released, findings } = send(bytes, cuts);
      assert.equal(findings.length > 0, whole.length > 0, kinds(whole).join());
      assert.deepEqual(kinds(scanner.scan(released, REQUEST)), []);
      if (whole.length === 0) assert.equal(released.length, bytes.length);
    }),
    { numRuns: 12 },
  );
});

Deno.test("a value that lies across two blocks is found, and most of it is held back", () => {
  for (const [, encode] of Object.entries(ENCODINGS)) {
    const written = encode(SECRET);
    const planted = typeof written === "string" ? utf8(` ${written} `) : written;
    for (const share of [0.2, 0.8]) {
      const lead = new Uint8Array(BLOCK - Math.floor(planted.length * share)).fill(0x2e);
      const { released, findings } = send(join([lead, planted, new Uint8Array(9).fill(0x2e)]), []);
      assert.equal(findings.length > 0, true);
      assert.ok(released.length < lead.length);
    }
  }
});

Deno.test("what is clean is released as it came, without a copy", () => {
  const stream = scanner.stream(REQUEST);
  const chunk = utf8("nothing to see");
  assert.deepEqual(stream.push(chunk), { ok: true, release: [] });
  const step = stream.pause();
  assert.ok(step.ok);
  assert.equal(step.release[0]?.buffer, chunk.buffer);
  assert.deepEqual(stream.end(), { ok: true, release: [] });
});

Deno.test("a live exchange gets each message at its pause", () => {
  const stream = scanner.stream(REQUEST);
  for (let turn = 0; turn < 2000; turn++) {
    const message = utf8(`{"turn":${turn},"text":"hello"}\n`);
    assert.deepEqual(stream.push(message), { ok: true, release: [] });
    assert.deepEqual(stream.pause(), { ok: true, release: [message] });
  }
  const last = stream.push(utf8(SECRET));
  assert.equal(last.ok && stream.pause().ok, false);
});

Deno.test("a secret that arrives a letter at a time, each after a pause, never leaves whole", () => {
  for (
    const value of [TOKEN, SECRET, [...SECRET].join(" "), [...SECRET].join("-".repeat(40_000))]
  ) {
    const stream = scanner.stream(REQUEST);
    const released: Uint8Array[] = [];
    let isStopped = false;
    const letters = value.length > 10_000 ? value.match(/.-*/g) ?? [] : [...value];
    for (const letter of letters) {
      for (const step of [stream.push(utf8(letter)), stream.pause()]) {
        if (step.ok) released.push(...step.release);
        else isStopped = true;
      }
      if (isStopped) break;
    }
    assert.ok(isStopped);
    assert.deepEqual(scanner.scan(join(released), REQUEST), []);
  }
});

Deno.test("after findings nothing leaves, and a retry goes on once they are safe", () => {
  let isSafe = false;
  const stream = scanner.stream({ ...REQUEST, isSafe: () => isSafe });
  const text = utf8(`before ${SECRET} after`);
  stream.push(text);
  const stopped = stream.end();
  assert.deepEqual(stopped.ok ? [] : kinds(stopped.findings), [SECRET_NAME]);
  assert.equal(stream.retry().ok, false);
  isSafe = true;
  assert.deepEqual(stream.retry(), { ok: true, release: [text] });
});

Deno.test("bytes that arrive while it is stopped wait", () => {
  let isSafe = false;
  const stream = scanner.stream({ ...REQUEST, isSafe: () => isSafe });
  stream.push(utf8(`${SECRET} `));
  assert.equal(stream.pause().ok, false);
  assert.equal(stream.push(utf8("more")).ok, false);
  isSafe = true;
  const released = [stream.retry(), stream.end()].flatMap((step) => step.ok ? step.release : []);
  assert.deepEqual(join(released), utf8(`${SECRET} more`));
});

const redact = (stream: StreamScan): StreamStep =>
  stream.redact(({ detector }) => utf8(`[redacted:${detector}]`));

Deno.test("what is redacted is replaced, and the rest leaves as it was", () => {
  const text = `a ${TOKEN} b ${[...SECRET].join("-")} c ${btoa(`xx${SECRET}`)} d`;
  const { released, findings } = send(utf8(text), [], redact);
  assert.deepEqual(findings, []);
  const left = new TextDecoder().decode(released);
  assert.match(left, /^a \[redacted:token_patterns\] b \[redacted:known_secrets\] c .* d$/);
  assert.deepEqual(scanner.scan(released, REQUEST), []);
});

Deno.test("a redacted body is clean, or it is stopped", () => {
  fc.assert(
    fc.property(bodies(3000), ({ bytes, cuts }) => {
      const { released } = send(bytes, cuts, redact);
      assert.deepEqual(kinds(scanner.scan(released, REQUEST)), []);
    }),
    { numRuns: 400 },
  );
});

Deno.test("what is compressed cannot be redacted", () => {
  const { released, findings } = send(gzipSync(SECRET), [], redact);
  assert.deepEqual(kinds(findings), [SECRET_NAME]);
  assert.equal(released.length, 0);
});

Deno.test("an archive longer than a block is looked through to its end, or told of", () => {
  const noise = new Uint8Array(1_500_000);
  let state = 1;
  for (let at = 0; at < noise.length; at++) {
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    noise[at] = state >>> 16;
  }
  const short = gzipSync(join([noise.subarray(0, 600_000), utf8(SECRET)]));
  const lead = new Uint8Array(900_000).fill(0x2e);
  const { findings } = send(join([lead, short, lead]), []);
  assert.ok(findings.some(({ writtenAs }) => writtenAs.includes("gzip")));
  const long = gzipSync(noise);
  assert.deepEqual(kinds(send(long, []).findings), ["unscannable"]);
});

Deno.test("a long body is held for a block at most", () => {
  const stream = scanner.stream(REQUEST);
  const chunk = utf8("nothing to see here. ".repeat(3000));
  let held = 0;
  for (let sent = 0; sent < 20 * BLOCK; sent += chunk.length) {
    const step = stream.push(chunk);
    assert.ok(step.ok);
    held += chunk.length - step.release.reduce((sum, { length }) => sum + length, 0);
    assert.ok(held <= BLOCK + chunk.length + 32 * 1024);
  }
});
