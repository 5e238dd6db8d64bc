import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Secret } from "../../secret.ts";
import { createEchoRedactor, type EchoRedactor } from "./echo.ts";

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SIGNS = "-_./+=:~@!";
const VALUE = "Zk3vQ9xWm2/Lp8RtY5nBc7+HdF4sGj6A";

function redactorFor(...values: string[]): EchoRedactor {
  return createEchoRedactor(
    new Map(values.map((value, n) => [`EGRESS_TOKEN_${n}`, new Secret(value)])),
  );
}

/** The output for a body cut into chunks. */
function pass(redactor: EchoRedactor, chunks: readonly Uint8Array[]): string {
  const stream = redactor.stream();
  const out = chunks.map((chunk) => stream.push(chunk));
  return Buffer.concat([...out, stream.end()]).toString("latin1");
}

function cut(text: string, sizes: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text, "latin1");
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = sizes[chunks.length % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const token = fc.string({
  unit: fc.constantFrom(...ALPHANUMERIC, ...ALPHANUMERIC, ...SIGNS),
  minLength: 20,
  maxLength: 60,
}).filter((text) => text === text.trim() && !/:\/\/|[;{[]/.test(text));
const noise = fc.string({ unit: fc.constantFrom(...ALPHANUMERIC, " ", "\n", "\\", "%", '"') });
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

const FORMS: Record<string, (secret: string) => string> = {
  "as it is": (secret) => secret,
  reversed: (secret) => [...secret].toReversed().join(""),
  base64: (secret) => Buffer.from(secret).toString("base64"),
  "base64 of a header": (secret) => Buffer.from(`Bearer ${secret}`).toString("base64"),
  "base64 of a login": (secret) => Buffer.from(`x:${secret}`).toString("base64"),
  base64url: (secret) => Buffer.from(secret).toString("base64url"),
  "base64 in a URL": (secret) => encodeURIComponent(Buffer.from(secret).toString("base64")),
  "base64 in lines": (secret) =>
    Buffer.from(secret.repeat(3)).toString("base64").replaceAll(/.{76}/g, "$&\r\n"),
  hex: (secret) => Buffer.from(secret).toString("hex"),
  "hex in upper case": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "percent-encoded": encodeURIComponent,
  "percent-encoded wholly": (secret) =>
    Buffer.from(secret).toString("hex").replaceAll(/../g, "%$&"),
  "JSON string": (secret) => JSON.stringify(secret).slice(1, -1),
  "HTML with escaped slashes": (secret) =>
    secret.replaceAll(/[/=]/g, (char) => `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`),
  "JSON string with escaped slashes": (secret) => secret.replaceAll("/", "\\/"),
};

for (const [name, write] of Object.entries(FORMS)) {
  Deno.test(`an echoed secret is masked: ${name}`, () => {
    fc.assert(
      fc.property(token, noise, noise, sizes, (secret, before, after, chunkSizes) => {
        const written = write(secret);
        const text = `${before}:${written}:${after}`;
        const out = pass(redactorFor(secret), cut(text, chunkSizes));
        assert.equal(out.length, text.length);
        assert.ok(out.includes("[redacted]*"), out);
        assert.ok(!out.includes(written.slice(4, -6)), out);
        const masked = out.slice(before.length + 1, before.length + 1 + written.length);
        assert.ok(masked.replaceAll(/\[redacted\]\**|[\r\n]/g, "").length <= 40, out);
      }),
      { numRuns: 60 },
    );
  });
}

Deno.test("the output does not depend on how a body is cut", () => {
  const piece = fc.oneof(
    fc.constantFrom(...Object.values(FORMS).map((write) => write(VALUE))),
    fc.nat(40).map((length) => VALUE.slice(0, length)),
    fc.nat(32).map((at) => `${VALUE.slice(0, at)}\r\n  ${VALUE.slice(at)}`),
    fc.nat(32).map((at) => `${VALUE.slice(0, at)}\\n${VALUE.slice(at)}`),
    fc.nat(40).map((length) => Buffer.from(VALUE).toString("base64").slice(0, length)),
    noise,
  );
  const redactor = redactorFor(VALUE, "aaaaaaaaaaaaaaaaaaaa", "aaaaaaab");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), sizes, sizes, (pieces, one, other) => {
      const text = pieces.join("") + "a".repeat(pieces.length * 5) + "b";
      const whole = pass(redactor, [Buffer.from(text, "latin1")]);
      assert.equal(pass(redactor, cut(text, one)), whole);
      assert.equal(pass(redactor, cut(text, other)), whole);
    }),
    { numRuns: 500 },
  );
});

Deno.test("what cannot be the beginning of a secret flows at once", () => {
  const stream = redactorFor(VALUE, "sk-ant-api03-Lp8RtY5nBc7HdF4sGj6A").stream();
  for (const event of ['data: {"delta":"Zk3"}\n\n', "data: [DONE]\n\n", "event: ping\n\n"]) {
    const chunk = Buffer.from(event);
    assert.equal(stream.push(chunk), chunk, "the chunk itself");
  }
  const begun = Buffer.from(`say ${VALUE.slice(0, 9)}`);
  assert.equal(Buffer.from(stream.push(begun)).toString(), "say ");
  assert.equal(Buffer.from(stream.push(Buffer.from("!\n"))).toString(), `${VALUE.slice(0, 9)}!\n`);
  assert.equal(stream.end().length, 0);
  assert.deepEqual(stream.found, []);
});

Deno.test("never more is held than the longest form, however the secret begins", () => {
  const stream = redactorFor("a".repeat(40)).stream();
  let [sent, received] = [0, 0];
  for (let n = 0; n < 300; n++) {
    sent += 7;
    received += stream.push(Buffer.from("a".repeat(7))).length;
    assert.ok(sent - received <= 6 * 40, `${sent - received} bytes held`);
  }
  received += stream.end().length;
  assert.equal(received, sent);
});

Deno.test("a secret that is cut off is masked when enough of it stands there", () => {
  const redactor = redactorFor(VALUE);
  assert.equal(
    redactor.redactText(`key ${VALUE.slice(0, 20)}...`).text,
    "key [redacted]**********...",
  );
  assert.equal(redactor.redactText(`key ${VALUE.slice(0, 20)}`).text, "key [redacted]**********");
  assert.equal(
    redactor.redactText(`key ${VALUE.slice(0, 8)}...`).text,
    `key ${VALUE.slice(0, 8)}...`,
  );
});

Deno.test("a public prefix alone is left", () => {
  const value = "github_pat_11A" + "Zk3vQ9xWm2Lp8RtY5nBc7HdF4sGj6A";
  const text = "tokens begin with github_pat_11A or sk-ant-api03-";
  assert.equal(redactorFor(value).redactText(text).text, text);
});

Deno.test("text without a secret stays as it is, whatever its bytes", () => {
  const redactor = redactorFor(VALUE);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
      assert.equal(pass(redactor, chunks), Buffer.concat(chunks).toString("latin1"));
    }),
  );
  assert.deepEqual(redactor.redactText("\ufeffna\u00efve \ud83d\ude00"), {
    text: "\ufeffna\u00efve \ud83d\ude00",
    found: [],
  });
});

Deno.test("a text is redacted with the names of what was found", () => {
  const redactor = redactorFor(VALUE, "hunter2xy");
  assert.deepEqual(redactor.redactText(`\ufeffna\u00efve Bearer ${VALUE}, hunter2xy`), {
    text: "\ufeffna\u00efve Bearer [redacted]**********************, [redacted",
    found: ["EGRESS_TOKEN_0", "EGRESS_TOKEN_1"],
  });
});

Deno.test("a chunk is never changed, only its copy", () => {
  const chunk = Buffer.from(`a ${VALUE} b`);
  const before = Buffer.from(chunk);
  redactorFor(VALUE).stream().push(chunk);
  assert.deepEqual(chunk, before);
});
