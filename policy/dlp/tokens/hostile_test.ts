import assert from "node:assert/strict";
import fc from "fast-check";
import { createTokenMatcher } from "./matcher.ts";
import { TOKEN_PATTERNS } from "./pattern.ts";
import { toProgram, walkBackward, walkForward } from "./program.ts";
import { parseRegex, type Sequence, type Step } from "./regex.ts";

const matcher = createTokenMatcher();
const encoder = new TextEncoder();

const KEYWORDS = [
  ...new Set(
    TOKEN_PATTERNS.flatMap(({ regex }) =>
      parseRegex(regex).map((sequence) =>
        new TextDecoder().decode(toProgram(sequence, new Map()).keyword)
      )
    ),
  ),
];

/** A text of the given length made of one piece over and over. */
function repeated(piece: string, length: number): Uint8Array {
  return encoder.encode(piece.repeat(Math.ceil(length / piece.length)).slice(0, length));
}

Deno.test("every pattern is bounded, and JavaScript reads it alike", () => {
  for (const { id, regex } of TOKEN_PATTERNS) {
    assert.ok(new RegExp(regex), id);
    for (const { context, steps } of parseRegex(regex)) {
      for (const { min, max } of [...context, ...steps]) {
        assert.ok(Number.isInteger(max) && min <= max && max <= 8_000, id);
      }
    }
  }
  assert.ok(matcher.maxLength < 10_000, `${matcher.maxLength}`);
});

Deno.test("what has no bound or needs to go back is not part of a pattern's syntax", () => {
  for (const bad of ["a*", "a+", "a{2,}", "(a)", "(?=a)", "(?:a", "[^a]", "a|(?!b)", "\\w", "^a"]) {
    assert.throws(() => parseRegex(bad), /Cannot read the pattern/, bad);
  }
  assert.throws(() => toProgram(only("[ab]{3}"), new Map()), /no keyword/);
});

function only(regex: string): Sequence {
  const [sequence] = parseRegex(regex);
  assert.ok(sequence);
  return sequence;
}

/** Counts how often the bytes of a text are looked at. */
function counting(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly reads: () => number } {
  let count = 0;
  const counted = new Proxy(bytes, {
    get(target, key): unknown {
      if (typeof key === "string" && /^\d+$/.test(key)) count++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { bytes: counted, reads: () => count };
}

/** Looks at a byte, for each byte of the text. */
function readsPerByte(text: Uint8Array): number {
  const { bytes, reads } = counting(text);
  matcher.find(bytes, Infinity);
  return reads() / text.length;
}

Deno.test("keywords over and over cost no more for each byte in a longer text", () => {
  for (const keyword of KEYWORDS) {
    const pieces = [keyword, `${keyword}A`, `Bearer ${keyword}`, `${keyword}aB3xK9`];
    for (const piece of pieces) {
      const cost = readsPerByte(repeated(piece, 3_000));
      assert.ok(cost < 60, `${piece}: ${cost} looks at each byte`);
    }
  }
  for (const keyword of KEYWORDS.filter((keyword) => keyword.length > 8)) {
    const cost = readsPerByte(repeated(keyword, 20_000));
    assert.ok(cost < 60, `${keyword}: ${cost} looks at each byte`);
  }
});

Deno.test("no mixture of what patterns are made of costs more than some looks at each byte", () => {
  const pieces = [
    ...KEYWORDS,
    ...[
      "Bearer ",
      "access_token: ",
      ".",
      "eyJ",
      "-",
      "_",
      "=",
      "\n",
      "AAAAAAAA",
      "zZ9",
      "0123abcd",
    ],
  ];
  const mixture = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(mixture, (chosen) => {
    const cost = readsPerByte(repeated(chosen.join(""), 8_000));
    assert.ok(cost < 60, `${cost} looks at each byte`);
  }));
});

Deno.test("arbitrary bytes are searched without an error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    for (const { start, end } of matcher.find(bytes, 5)) {
      assert.ok(0 <= start && start < end && end <= bytes.length);
    }
  }));
});

Deno.test("what is remembered of a run does not change where a walk ends", () => {
  const step = only("[ab]{3,40}x").steps[0] as Step;
  const steps = [{ ...step, number: 0 }];
  const text = fc.stringMatching(/^[abx]{0,120}$/).map((text) => encoder.encode(text));
  fc.assert(fc.property(text, fc.array(fc.nat(120), { maxLength: 20 }), (bytes, places) => {
    const forward = new Int32Array(2);
    const backward = new Int32Array(2);
    for (const place of places.map((place) => Math.min(place, bytes.length))) {
      assert.equal(
        walkForward(steps, bytes, place, forward),
        walkForward(steps, bytes, place, new Int32Array(2)),
      );
      assert.equal(
        walkBackward(steps, bytes, place, backward),
        walkBackward(steps, bytes, place, new Int32Array(2)),
      );
    }
  }));
});
