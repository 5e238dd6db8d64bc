import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../secret.ts";
import type { Finding } from "./finding.ts";
import {
  describePlace,
  type HeadParts,
  type Layout,
  layOutHead,
  layOutTrailers,
  replaceFindings,
  segmentsAt,
} from "./surfaces.ts";
import { canRewrite, rewriteHead, rewriteTrailers } from "./surfaces_rewrite.ts";
import { signedSurfaces } from "./surfaces_signed.ts";

const UNSIGNED = { head: false, body: false };
const HEAD: HeadParts = {
  method: "POST",
  host: "api.example.com",
  path: "/v1/VALUE/x",
  query: "?key=VALUE",
  headers: [["X-Note", "a VALUE b"], ["X-VALUE", "1"], ["Content-Type", "text/VALUE"]],
};

/** A finding for each place where the value stands. */
function findAll({ bytes }: Layout, value: string): Finding[] {
  const text = new TextDecoder("latin1").decode(bytes);
  const found: Finding[] = [];
  for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + 1)) {
    const range = { start, end: start + value.length };
    const secret = new Secret(value);
    found.push({ detector: "token_patterns", kind: "test", writtenAs: [], range, value: secret });
  }
  return found;
}

function placesOf(layout: Layout, finding: Finding): string[] {
  return segmentsAt(layout, finding.range).map(({ place }) => describePlace(place));
}

Deno.test("every surface of a head is there, and each finding is led back to its place", () => {
  const layout = layOutHead(HEAD);
  assert.deepEqual(findAll(layout, "VALUE").map((one) => placesOf(layout, one)), [
    ["path"],
    ["query"],
    ["a header name"],
    ["header x-note"],
    ["header content-type"],
  ]);
  assert.deepEqual(placesOf(layout, findAll(layout, "API.EXAMPLE")[0] as Finding), ["host"]);
  assert.deepEqual(placesOf(layout, findAll(layout, "POST")[0] as Finding), ["method"]);
});

Deno.test("the values of one name stand in a row, whatever stands between their lines", () => {
  const layout = layOutHead({
    ...HEAD,
    headers: [["X-Part", "first"], ["X-Other", "1"], ["x-part", "second"]],
  });
  const text = new TextDecoder("latin1").decode(layout.bytes);
  assert.match(text, /first[^A-Za-z0-9]+second/);
  const { start = 0, end = 0, field } =
    layout.segments.find(({ place }) => place.surface === "header" && place.name === "x-other") ??
      {};
  assert.deepEqual([text.slice(start, end), field], ["1", 1]);
});

Deno.test("a header is one byte for each of its characters, so that places stay where they are", () => {
  const layout = layOutHead({ ...HEAD, headers: [["X-Note", "\u00e9\u00ff VALUE"]] });
  const at = findAll(layout, "VALUE").at(-1);
  assert.deepEqual(placesOf(layout, at as Finding), ["header x-note"]);
});

Deno.test("only what can be rewritten safely is: not the host, a name, framing, or what is signed", () => {
  const layout = layOutHead(HEAD);
  const [path, query, name, note, type] = findAll(layout, "VALUE");
  const can = (finding: Finding | undefined, signed = UNSIGNED): boolean =>
    canRewrite(layout, [finding as Finding], signed);
  assert.deepEqual([path, query, note].map((one) => can(one)), [true, true, true]);
  assert.deepEqual([name, type].map((one) => can(one)), [false, false]);
  assert.equal(can(note, { head: true, body: false }), false);
  const { range: _, ...unplaced } = note as Finding;
  assert.equal(can(unplaced), false);
  const across = { start: path?.range?.start ?? 0, end: query?.range?.end ?? 0 };
  assert.equal(can({ ...path as Finding, range: across }), false);
});

Deno.test("a rewritten head has marks where values stood, and the other headers are the same ones", () => {
  const layout = layOutHead(HEAD);
  const findings = findAll(layout, "VALUE").filter((one) => canRewrite(layout, [one], UNSIGNED));
  const clean = rewriteHead(layout, HEAD, findings);
  assert.equal(clean.path, "/v1/%5Bredacted:token_patterns%5D/x");
  assert.equal(clean.query, "?key=%5Bredacted:token_patterns%5D");
  assert.deepEqual(clean.headers[0], ["X-Note", "a [redacted:token_patterns] b"]);
  assert.equal(clean.headers[1], HEAD.headers[1]);
});

Deno.test("trailers are laid out and rewritten like headers", () => {
  const trailers = [["X-Sum", "VALUE"], ["X-Other", "1"]] as const;
  const layout = layOutTrailers(trailers);
  const findings = findAll(layout, "VALUE");
  assert.deepEqual(findings.map((one) => placesOf(layout, one)), [["trailer x-sum"]]);
  assert.deepEqual(rewriteTrailers(layout, trailers, findings), [
    ["X-Sum", "[redacted:token_patterns]"],
    ["X-Other", "1"],
  ]);
});

Deno.test("whatever a head holds, a rewritten one holds no value and differs nowhere else", () => {
  const text = fc.stringMatching(/^[ -~]{0,40}$/).filter((one) => !/[VALUE]/.test(one));
  const name = fc.stringMatching(/^[a-df-z]{1,10}$/);
  fc.assert(fc.property(fc.array(fc.tuple(name, text, fc.boolean(), text)), (fields) => {
    const headers = fields.map(([key, before, has, after]) =>
      [key, `${before}${has ? "VALUE" : ""}${after}`] as const
    );
    const parts = { ...HEAD, path: "/", query: "", headers };
    const layout = layOutHead(parts);
    const clean = rewriteHead(layout, parts, findAll(layout, "VALUE"));
    for (const [index, [key, value]] of headers.entries()) {
      const expected = [key, value.replace("VALUE", "[redacted:token_patterns]")];
      assert.deepEqual(clean.headers[index], expected);
    }
  }));
});

Deno.test("replacing in bytes leaves all other bytes as they are", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ max: 60, maxLength: 20 })), (gaps) => {
    const value = new TextEncoder().encode("VALUE");
    const parts = gaps.flatMap((gap, index) => index === 0 ? [gap] : [value, gap]);
    const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    const clean = replaceFindings(
      bytes,
      findAll({ bytes, segments: [] }, "VALUE"),
      () => new Uint8Array([1, 2, 3]),
    );
    const expected = gaps.flatMap((gap, index) => index === 0 ? [...gap] : [1, 2, 3, ...gap]);
    assert.deepEqual([...clean], expected);
  }));
});

const SIGNED: readonly (readonly [string, string, "head" | "body" | "both"])[] = [
  ["Content-MD5", "x", "body"],
  ["Digest", "x", "body"],
  ["Content-Digest", "x", "body"],
  ["Repr-Digest", "x", "body"],
  ["X-Amz-Content-Sha256", "0123", "body"],
  ["X-Amz-Checksum-Crc32", "x", "body"],
  ["Trailer", "X-Other, Content-Digest", "body"],
  ["X-Amz-Trailer", "x-amz-checksum-crc32", "body"],
  ["Signature", "x", "both"],
  ["Signature-Input", "x", "both"],
  ["X-Hub-Signature-256", "x", "both"],
];

Deno.test("digests and signatures are known by their names, presigned addresses by their query", () => {
  for (const [name, value, covers] of SIGNED) {
    const { head, body } = signedSurfaces([[name, value]], "");
    assert.deepEqual([head, body], [covers === "both", true], name);
  }
  for (const query of ["?X-Amz-Signature=1", "?a=1&X-Goog-Signature=1", "?sig=1"]) {
    assert.equal(signedSurfaces([], query).head, true, query);
  }
  const plain = [["Content-Type", "x"], ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"]] as const;
  assert.deepEqual(signedSurfaces(plain, "?design=1&a=sig"), UNSIGNED);
});
