import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Secret } from "../../secret.ts";
import { createKnownMatcher, type KnownMatcher } from "./matcher.ts";

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function matcherFor(...values: string[]): KnownMatcher {
  return createKnownMatcher(
    new Map(values.map((value, n) => [`EGRESS_TOKEN_${n}`, new Secret(value)])),
  );
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What was found, as the text of the ranges. */
function found(matcher: KnownMatcher, text: string): string[] {
  const bytes = bytesOf(text);
  return matcher.find(bytes, 100).map(({ start, end }) =>
    new TextDecoder().decode(bytes.subarray(start, end))
  );
}

const letters = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...ALPHANUMERIC), minLength: length, maxLength: length });

/** A token with a few signs in it, as issuers make them. */
const token = fc.array(letters(9), { minLength: 3, maxLength: 12 }).map((parts) => parts.join("_"));
const noise = fc.string({ unit: "grapheme", maxLength: 40 });
/** No letters or digits: what may be put between the characters of a secret. */
const separator = fc.constantFrom(" ", "-", ", ", "\n", "\t", "__", "\u00b7", '","', "\0", "=\r\n");

/** Every encoding of bytes that is looked for, by a name. */
const ENCODINGS: Record<string, (bytes: Buffer) => string> = {
  "as it is": (bytes) => bytes.toString("latin1"),
  "upper case": (bytes) => bytes.toString("latin1").toUpperCase(),
  "lower case": (bytes) => bytes.toString("latin1").toLowerCase(),
  reversed: (bytes) => [...bytes.toString("latin1")].toReversed().join(""),
  rot13: (bytes) =>
    bytes.toString("latin1").replace(/[a-z]/gi, (letter) => {
      const base = letter <= "Z" ? 65 : 97;
      return String.fromCharCode((letter.charCodeAt(0) - base + 13) % 26 + base);
    }),
  base64: (bytes) => bytes.toString("base64"),
  base64url: (bytes) => bytes.toString("base64url"),
  "base64 reversed": (bytes) => [...bytes.toString("base64")].toReversed().join(""),
  "base64 of reversed": (bytes) => Buffer.from(bytes.toReversed()).toString("base64"),
  base32: (bytes) => base32(bytes),
  "base32 lower case": (bytes) => base32(bytes).toLowerCase(),
  hex: (bytes) => bytes.toString("hex"),
  "hex upper case": (bytes) => bytes.toString("hex").toUpperCase(),
  "hex with colons": (bytes) => byByte(bytes, ":", 16, 2),
  "hex as C bytes": (bytes) => `0x${byByte(bytes, ", 0x", 16, 2)}`,
  "hex escapes": (bytes) => `\\x${byByte(bytes, "\\x", 16, 2)}`,
  percent: (bytes) => `%${byByte(bytes, "%", 16, 2)}`,
  "unicode escapes": (bytes) => `\\u00${byByte(bytes, "\\u00", 16, 2)}`,
  "character references": (bytes) => `&#${byByte(bytes, ";&#", 10, 1)};`,
  "hex character references": (bytes) => `&#x${byByte(bytes, ";&#x", 16, 2)};`,
  decimal: (bytes) => byByte(bytes, ", ", 10, 1),
  octal: (bytes) => `\\${byByte(bytes, "\\", 8, 3)}`,
};

function byByte(bytes: Buffer, separator: string, base: number, width: number): string {
  return [...bytes].map((byte) => byte.toString(base).padStart(width, "0")).join(separator);
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => {
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(group.padEnd(5, "0"), 2)];
  }).join("");
}

for (const [name, encode] of Object.entries(ENCODINGS)) {
  Deno.test(`a secret written as ${name} is found at every offset and alignment`, () => {
    fc.assert(
      fc.property(token, letters(5), noise, noise, fc.nat(5), (secret, salt, before, after, at) => {
        const written = encode(Buffer.from(salt.slice(0, at) + secret + salt));
        const text = `${before} ${written} ${after}`;
        const matches = found(matcherFor(secret), text);
        assert.ok(matches.length > 0, text);
        assert.ok(matches.join("").length >= 0.8 * encode(Buffer.from(secret)).length, text);
      }),
      { numRuns: 60 },
    );
  });

  Deno.test(`a secret written as ${name} is found with signs between all characters`, () => {
    fc.assert(
      fc.property(token, letters(5), separator, fc.nat(5), (secret, salt, sign, at) => {
        const written = encode(Buffer.from(salt.slice(0, at) + secret));
        const apart = [...written].join(sign);
        assert.ok(found(matcherFor(secret), apart).length > 0, apart);
      }),
      { numRuns: 40 },
    );
  });
}

Deno.test("every run of twelve alphanumerics is found, wherever it stands", () => {
  fc.assert(
    fc.property(token, fc.nat(), noise, separator, (secret, at, before, sign) => {
      const plain = secret.replaceAll("_", "");
      const first = at % (plain.length - 11);
      const piece = [...plain.slice(first, first + 12)].join(sign);
      const text = `${before}.${piece}`;
      // Longer where the noise happens to go on as the secret does.
      const [match = ""] = found(matcherFor(secret), text);
      assert.ok(match.endsWith(piece), text);
    }),
  );
});

Deno.test("every piece of the base64 of a secret is found from twelve characters on", () => {
  fc.assert(
    fc.property(letters(60), fc.nat(), fc.nat(2), (secret, at, before) => {
      const base64 = Buffer.from("x".repeat(before) + secret + "xxx").toString("base64");
      const first = 3 + at % (base64.length - 3 - 12 - 8);
      const piece = base64.slice(first, first + 12);
      if (/[+/]/.test(piece)) return;
      assert.deepEqual(found(matcherFor(secret), `"${piece}"`), [piece]);
    }),
  );
});

Deno.test("text that no secret is in raises nothing", () => {
  const matcher = matcherFor(...fc.sample(token, { numRuns: 10, seed: 1 }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), letters(200), (bytes, text) => {
      assert.deepEqual(matcher.find(bytes, 10), []);
      assert.deepEqual(found(matcher, Buffer.from(bytes).toString("base64")), []);
      assert.deepEqual(found(matcher, Buffer.from(bytes).toString("hex")), []);
      assert.deepEqual(found(matcher, text), []);
    }),
  );
});

Deno.test("escapes that readers drop hide nothing, in any mixture", () => {
  const drop = fc.constantFrom("\\n", "\\t", "\\r\\n", "\\u200b", "\\u00ad", "%0A", "%20", "\\\\n");
  fc.assert(
    fc.property(
      token,
      fc.array(fc.oneof(drop, fc.constant("")), { minLength: 9, maxLength: 9 }),
      fc.constantFrom("", "x".repeat(50), "a\\nb\\n".repeat(30)),
      (secret, drops, before) => {
        const text = before + [...secret].map((c, n) => c + (drops[n % 9] ?? "")).join("");
        assert.ok(found(matcherFor(secret), text).length > 0, text);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a letter behind a backslash counts as text as well as as an escape", () => {
  const secret = "n7tQb2rXv9fLk3bWn8tZ";
  const matcher = matcherFor(secret);
  assert.ok(found(matcher, [...secret].join("\\")).length > 0);
  assert.ok(found(matcher, [...secret].join("\\n")).length > 0);
  assert.ok(found(matcher, `${secret.slice(0, 6)}\\n${secret.slice(6, 12)}`).length > 0);
  const mixed = [...secret].map((letter, n) => letter + (n % 2 === 0 ? "\\\\" : "\\n")).join("");
  assert.ok(found(matcher, mixed).length > 0, "a JSON string of plain backslashes and line ends");
});

Deno.test("ranges join what continues and keep apart what does not", () => {
  const secret = "Zk3vQ9xWm2Lp8RtY5nBc7HdF4sGj6A";
  const matcher = matcherFor(secret);
  assert.deepEqual(found(matcher, `a ${secret} b`), [secret]);
  assert.deepEqual(found(matcher, `${secret.slice(0, 14)} and then ${secret.slice(14)}`), [
    secret.slice(0, 14),
    secret.slice(14),
  ]);
  assert.deepEqual(found(matcher, `${secret}${secret}`), [secret + secret]);
  assert.equal(found(matcher, `${secret} x `.repeat(500)).length, 100, "bounded by the limit");
});

Deno.test("two names of one value are both told", () => {
  const value = "Zk3vQ9xWm2Lp8RtY5nBc7HdF4sGj6A";
  const ids = matcherFor(value, value).find(bytesOf(`a ${value}`), 10).map(({ id }) => id);
  assert.deepEqual(ids.toSorted(), ["EGRESS_TOKEN_0", "EGRESS_TOKEN_1"]);
});
