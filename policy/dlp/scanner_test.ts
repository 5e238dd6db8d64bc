import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import {
  body,
  createScanner,
  ENCODINGS,
  kinds,
  REQUEST,
  SECRET,
  SECRET_NAME,
  TOKEN,
  TOKEN_KIND,
  utf8,
} from "../../tests/doubles/dlp.ts";
import { Secret } from "../secret.ts";
import type { Finding } from "./finding.ts";
import { composeScanner } from "./scanner.ts";

const scanner = createScanner();

for (const [name, encode] of Object.entries(ENCODINGS)) {
  Deno.test(`a token and a known secret are found written thus: ${name}`, () => {
    for (const [value, kind] of [[TOKEN, TOKEN_KIND], [SECRET, SECRET_NAME]] as const) {
      const bytes = body(encode, value);
      const found = scanner.scan(bytes, REQUEST);
      const finding = found.find((one) => one.kind === kind);
      assert.ok(finding, `${kind} in ${JSON.stringify(kinds(found))}`);
      assert.equal(finding.value.reveal(), value);
      if (name.startsWith("gzip")) assert.equal(finding.range, undefined);
      else {
        const { start = -1, end = -1 } = finding.range ?? {};
        assert.ok(start >= 10 && end <= bytes.length && start < end, `${start} to ${end}`);
      }
    }
  });
}

Deno.test("what was written plainly is found where it stands, without a word on how", () => {
  const text = `{"a":"${TOKEN}","b":"${SECRET}"}`;
  const found = scanner.scan(utf8(text), REQUEST);
  assert.deepEqual(kinds(found), [TOKEN_KIND, SECRET_NAME]);
  for (const [finding, value] of [[found[0], TOKEN], [found[1], SECRET]] as const) {
    const start = text.indexOf(value);
    assert.deepEqual(finding?.range, { start, end: start + value.length });
    assert.deepEqual(finding?.writtenAs, []);
  }
});

Deno.test("a finding tells how it was written, the outermost first", () => {
  const [finding] = scanner.scan(
    body(ENCODINGS["base64 of hexadecimal"] ?? String, TOKEN),
    REQUEST,
  );
  assert.deepEqual(finding?.writtenAs, ["base64", "hex"]);
});

Deno.test("only the detectors that are named look", () => {
  const bytes = utf8(`${TOKEN} ${SECRET}`);
  const isSafe = (): boolean => false;
  assert.deepEqual(kinds(scanner.scan(bytes, { detectors: ["known_secrets"], isSafe })), [
    SECRET_NAME,
  ]);
  assert.deepEqual(kinds(scanner.scan(bytes, { detectors: ["token_patterns"], isSafe })), [
    TOKEN_KIND,
  ]);
  assert.deepEqual(scanner.scan(bytes, { detectors: [], isSafe }), []);
  assert.ok(kinds(scanner.scan(bytes, { detectors: ["entropy"], isSafe })).includes("random-text"));
});

Deno.test("what is called safe is left out, and hides nothing behind it", () => {
  const isSafe = ({ value }: Finding): boolean => value.reveal() === TOKEN;
  const request = { ...REQUEST, isSafe };
  assert.deepEqual(scanner.scan(utf8(TOKEN), request), []);
  const many = utf8(`${`${TOKEN} `.repeat(100)}${SECRET}`);
  assert.deepEqual(kinds(scanner.scan(many, request)), [SECRET_NAME]);
  const tooMany = utf8(`${`${TOKEN} `.repeat(2000)}${TOKEN}Q`);
  assert.notDeepEqual(scanner.scan(tooMany, request), []);
});

Deno.test("a judge of what is safe that throws makes nothing safe", () => {
  const isSafe = (): boolean => {
    throw new Error("broken");
  };
  assert.deepEqual(kinds(scanner.scan(utf8(TOKEN), { ...REQUEST, isSafe })), [TOKEN_KIND]);
});

Deno.test("a detector that throws counts as a match of its own", () => {
  const broken = {
    find: () => {
      throw new Error("broken");
    },
    carry: 64,
    maxLength: 256,
  };
  const silent = { find: () => [], carry: 64, maxLength: 256 };
  const parts = { secrets: new Map(), inflate: () => undefined };
  for (
    const [detector, tokens, known] of [
      ["token_patterns", broken, silent],
      ["known_secrets", silent, broken],
    ] as const
  ) {
    const found = composeScanner({ ...parts, tokens, known }).scan(utf8("nothing to see"), REQUEST);
    assert.deepEqual(found.map((one) => [one.detector, one.kind]), [[detector, "unscannable"]]);
    const stream = composeScanner({ ...parts, tokens, known }).stream(REQUEST);
    assert.equal(stream.push(utf8("nothing to see")).ok, true);
    assert.equal(stream.end().ok, false);
  }
});

Deno.test("a decompression that throws cannot be judged", () => {
  const silent = { find: () => [], carry: 64, maxLength: 256 };
  const inflate = (): undefined => {
    throw new Error("broken");
  };
  const broken = composeScanner({ tokens: silent, known: silent, secrets: new Map(), inflate });
  assert.deepEqual(kinds(broken.scan(gzipSync("text"), REQUEST)), ["unscannable"]);
});

Deno.test("a bomb is told of, whatever it is wrapped in", () => {
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  const wrapped = [
    bomb,
    utf8(bomb.toString("base64")),
    utf8(bomb.toString("hex")),
    gzipSync(bomb),
  ];
  for (const bytes of wrapped) {
    assert.ok(kinds(scanner.scan(bytes, REQUEST)).includes("unscannable"));
  }
});

Deno.test("text within text without end is told of, not followed", () => {
  const escapes = utf8("%252541 \\\\u005cu0041 &#38;#65; =3D41 ".repeat(20_000));
  const found = kinds(scanner.scan(escapes, REQUEST));
  assert.ok(found.every((kind) => kind === "unscannable"), found.join());
});

Deno.test("the value of what cannot be judged is the content itself, so that no other is safe", () => {
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  const [finding] = scanner.scan(bomb, REQUEST);
  assert.equal(finding?.value.reveal(), bomb.toString("latin1"));
  assert.ok(finding?.value instanceof Secret);
});

Deno.test("a decoy before hexadecimal digits does not hide what stands there", () => {
  const key = ["dapi", "0123456789abcdef0123456789abcd", "ef"].join("");
  for (const text of [`%${key}`, `=${key}`, `\\x${key}`, `&#${key}`, `?t=${key}%41`]) {
    assert.notDeepEqual(scanner.scan(utf8(text), REQUEST), [], text);
  }
  const escaped = `=${key.replace("5", "%35")}`;
  assert.notDeepEqual(scanner.scan(utf8(escaped), REQUEST), []);
});

Deno.test("a number that is no byte does not hide the bytes that are listed beside it", () => {
  const numbers = [999, ...utf8(TOKEN), 256, 70000];
  assert.deepEqual(kinds(scanner.scan(utf8(JSON.stringify(numbers)), REQUEST)), [TOKEN_KIND]);
});

Deno.test("pieces of a secret are found however far apart they stand", () => {
  for (const gap of [10, 1000, 70_000, 3_000_000]) {
    const pieces = [...SECRET].slice(0, 14).join("-".repeat(Math.ceil(gap / 13)));
    assert.deepEqual(kinds(scanner.scan(utf8(pieces), REQUEST)), [SECRET_NAME], `gap ${gap}`);
  }
});

Deno.test("pieces that are escaped in part are found across the blocks of a long body", () => {
  const filler = "-".repeat(700_000);
  const text = `%6b${SECRET.slice(1, 5)}${filler}%${"x"}${filler}${SECRET.slice(5, 14)}`.replace(
    "%x",
    "",
  );
  assert.deepEqual(kinds(scanner.scan(utf8(text), REQUEST)), [SECRET_NAME]);
});

Deno.test("base64 that goes on over blocks is decoded in its phase", () => {
  for (const before of [0, 1, 2, 3]) {
    const plain = new Uint8Array(1_600_000 + before).fill(0x81);
    plain.set([...utf8(SECRET)].flatMap((byte) => [byte, 0]), 1_500_000 + before);
    const found = scanner.scan(utf8(plain.toBase64()), REQUEST);
    assert.deepEqual(kinds(found), [SECRET_NAME], String(before));
  }
});
