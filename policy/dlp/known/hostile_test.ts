import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Secret } from "../../secret.ts";
import { createKnownMatcher, type KnownMatcher } from "./matcher.ts";

const SIZE = 512 * 1024;
/** A thousand times what it takes; a scan that is not linear takes minutes. */
const MOST_MS = 3000;

const BODY = "Zk3vQ9xWm2Lp8RtY5nBc7HdF4sGj6AqTzKxvMn1Be0Ca";

function matcherFor(values: readonly string[]): KnownMatcher {
  return createKnownMatcher(new Map(values.map((value, n) => [`T${n}`, new Secret(value)])));
}

/** Runs of a text that are one short of a window. */
function nearMisses(text: string, window: number): string {
  const codes = text.replaceAll(/[^A-Za-z0-9]/g, "");
  const starts = Array.from({ length: Math.max(1, codes.length - window) }, (_, n) => n);
  return starts.map((start) => `${codes.slice(start, start + window - 1)}!Q`).join("");
}

function hostileTexts(secret: string): Record<string, string> {
  const bytes = Buffer.from(secret);
  const list = (prefix: string, base: number): string =>
    [...bytes].map((byte) => prefix + byte.toString(base)).join("");
  return {
    "near misses": nearMisses(secret, 12),
    "near misses of base64": nearMisses(bytes.toString("base64"), 12),
    "near misses of hex": nearMisses(bytes.toString("hex"), 24),
    "near misses of hex escapes": nearMisses(list("x", 16), 36),
    "near misses of unicode escapes": nearMisses(list("u00", 16), 60),
    "near misses between escapes": [...nearMisses(secret, 12)].join("\\n"),
    "escapes alone": "\\n",
    "escapes of each kind": "\\n%0a\\\\n\\u200b",
    "escapes between letters": "a\\nb\\\\n",
    "escapes between words": "abcdefghijkl\\n\\n\\n",
    backslashes: "\\",
    "percent signs": "%0a%41%",
    "the secret": `${secret} `,
    "the secret in pieces": [...secret].join(" "),
    "the secret's hex": bytes.toString("hex"),
    "one letter": "a",
    "zeros": "0x00",
  };
}

Deno.test("no text takes long, nor does a secret that repeats itself", () => {
  const sets = [
    [`sk-ant-api03-${BODY}`, `sk-ant-api03-${BODY.toLowerCase()}x`],
    ["a".repeat(100)],
    ["ab".repeat(50), "0123456789".repeat(8)],
    ["abcabd", "s3cr3t!"],
  ];
  for (const values of sets) {
    const matcher = matcherFor(values);
    for (const [name, text] of Object.entries(hostileTexts(values[0] ?? ""))) {
      const bytes = Buffer.from(text.repeat(Math.ceil(SIZE / text.length)).slice(0, SIZE));
      const begin = performance.now();
      matcher.find(bytes, 64);
      const took = performance.now() - begin;
      assert.ok(took < MOST_MS, `${name} for ${values[0]}: ${took} ms`);
    }
  }
});

Deno.test("no bytes and no secret make it fail, and ranges stay within the bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.string()), { maxLength: 4 }),
      fc.array(fc.oneof(fc.constantFrom("\\", "%", "\\u", "&#", "\\n", BODY), fc.string())),
      fc.uint8Array(),
      (values, texts, tail) => {
        const bytes = Buffer.concat([Buffer.from([...texts, ...values].join("")), tail]);
        for (const { start, end } of matcherFor(values).find(bytes, 10)) {
          assert.ok(start >= 0 && start < end && end <= bytes.length);
        }
      },
    ),
  );
});

Deno.test("a credential that is broken off or padded wrongly is prepared all the same", () => {
  const begin = "-----BEGIN PRIVATE KEY-----";
  const broken = [
    `${BODY.slice(0, 40)}abc==`,
    "=".repeat(30),
    `${begin}\nMIIE=\n=AB\n-----END PRIVATE KEY-----`,
    `${begin}\n-----END PRIVATE KEY-----`,
    `${begin}\n${btoa("0\x84\xff\xff\xff\xff" + BODY)}\n-----END PRIVATE KEY-----`,
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----",
    begin,
    `eyJhbGciOiJub25lIn0.A.${BODY}`,
    "eyJ.eyJ.eyJ",
    '{"token":',
    '{"token":["a",{"key":null}]}',
    "https://%zz:%zz@%zz/",
    "https://a:%zz@host/%zz",
    `a=${BODY};`,
    "\ud800\udfff\ud800",
  ];
  for (const value of broken) {
    const bytes = Buffer.from(`x ${value} x`);
    assert.ok(matcherFor([value]).find(bytes, 10).every(({ end }) => end <= bytes.length), value);
  }
  const value = `${begin}\nMIIE=\n=AB${BODY}\n-----END PRIVATE KEY-----`;
  assert.equal(matcherFor([value]).find(Buffer.from(value), 10).length > 0, true);
});

Deno.test("a matcher that was used finds the same again", () => {
  const matcher = matcherFor([BODY]);
  const texts = [BODY, `a ${BODY.slice(0, 13)}\\n`, [...BODY].join("\\n"), "x".repeat(100_000), ""];
  const find = (text: string) => matcher.find(Buffer.from(text), 10);
  const first = texts.map(find);
  assert.deepEqual(texts.toReversed().map(find).toReversed(), first);
  assert.deepEqual(first.map(({ length }) => length), [1, 1, 1, 0, 0]);
});
