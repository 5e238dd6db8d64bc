import assert from "node:assert/strict";
import { Readable } from "node:stream";
import * as zlib from "node:zlib";
import fc from "fast-check";
import type { Compression } from "../policy/dlp/scan.ts";
import { contentCodings, limitAcceptEncoding } from "../sidecar/egress/inbound_codings.ts";
import { decodeBody } from "../sidecar/egress/inbound_decode.ts";
import { LIMITS } from "../sidecar/egress/limits.ts";
import { encode, flushingEncoder } from "./sidecar/codings.ts";

const CODINGS: readonly Compression[] = ["gzip", "deflate", "br", "zstd"];
const TEXT = "data: one two three four five six\n\n".repeat(40);

async function collect(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Decodes bytes that come cut at the given places. */
function decode(
  bytes: Uint8Array,
  codings: readonly Compression[],
  cuts: readonly number[] = [],
): Promise<Uint8Array> {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  const pieces = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end))
    .filter((piece) => piece.length > 0);
  return collect(decodeBody(Readable.from(pieces), codings));
}

Deno.test("every coding, once or twice, gives the same bytes however it is cut", async () => {
  const coding = fc.constantFrom(...CODINGS);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.array(coding, { minLength: 1, maxLength: 2 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      async (bytes, codings, cuts) => {
        const coded = codings.reduce(encode, bytes);
        assert.deepEqual(Buffer.from(await decode(coded, codings, cuts)), Buffer.from(bytes));
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("a body that breaks off anywhere inside of its coding never ends like a whole one", async () => {
  for (const coding of CODINGS) {
    const coded = encode(new TextEncoder().encode(TEXT), coding);
    // What follows zlib's last block is a checksum, which nobody needs for the end.
    const tail = coding === "deflate" ? 4 : 0;
    for (let length = 1; length < coded.length - tail; length++) {
      await assert.rejects(decode(coded.subarray(0, length), [coding]), `${coding} ${length}`);
    }
  }
});

Deno.test("a long zstd body of many blocks and frames is followed to its end", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const long = Buffer.concat(Array.from({ length: 12 }, () => bytes));
  const coded = encode(long, "zstd");
  const skippable = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
  const twice = Buffer.concat([coded, skippable, coded]);
  assert.equal((await decode(twice, ["zstd"], [1, 7, 300_000])).length, 2 * long.length);
  await assert.rejects(decode(twice.subarray(0, twice.length - 1), ["zstd"]));
});

Deno.test("bare deflate is read as well as zlib's", async () => {
  for (const text of ["", "x", TEXT]) {
    const bare = zlib.deflateRawSync(text);
    assert.equal(new TextDecoder().decode(await decode(bare, ["deflate"], [1])), text);
  }
});

Deno.test("a body without a byte is empty, whatever it says it is coded with", async () => {
  for (const coding of CODINGS) {
    assert.equal((await decode(new Uint8Array(0), [coding])).length, 0);
    assert.equal((await decode(new Uint8Array(0), [coding, "gzip"])).length, 0);
  }
});

Deno.test("a damaged body fails", async () => {
  for (const coding of CODINGS) {
    const coded = encode(new TextEncoder().encode(TEXT), coding);
    coded.set([0xff, 0xff, 0xff], 2);
    await assert.rejects(decode(coded, [coding]), coding);
  }
});

Deno.test("each flushed event is decoded before the next one comes", async () => {
  for (const coding of CODINGS) {
    const encoder = flushingEncoder(coding);
    const source = new Readable({ read: () => {} });
    const decoded = decodeBody(source, [coding]);
    let text = "";
    decoded.on("data", (chunk: Uint8Array) => void (text += new TextDecoder().decode(chunk)));
    for (let number = 0; number < 5; number++) {
      source.push(await encoder.flush(`data: ${number}\n\n`));
      for (let turn = 0; turn < 20 && !text.includes(`${number}`); turn++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assert.ok(text.endsWith(`data: ${number}\n\n`), `${coding} ${number}: ${text}`);
    }
    source.destroy();
    decoded.destroy();
  }
});

Deno.test("a bomb is cut while it swells, and its layers are no way round", async () => {
  const zeros = new Uint8Array(LIMITS.expansionFreeBytes + 32 * 1024 * 1024);
  const bombs = CODINGS.map((coding) => ({ bytes: encode(zeros, coding), codings: [coding] }));
  // Swells in the inner layer and shrinks to nothing in the outer one.
  const empties = new Uint8Array(zeros.length);
  const empty = zlib.gzipSync("");
  for (let at = 0; at + empty.length <= empties.length; at += empty.length) empties.set(empty, at);
  bombs.push({ bytes: encode(empties, "br"), codings: ["gzip", "br"] });
  for (const { bytes, codings } of bombs) {
    let total = 0;
    const decoded = decodeBody(Readable.from([bytes]), codings);
    await assert.rejects(async () => {
      for await (const chunk of decoded) total += chunk.length;
    }, codings.join());
    assert.ok(total <= LIMITS.expansionFreeBytes);
  }
});

Deno.test("a zstd body that asks for more memory than HTTP allows is refused", async () => {
  const parts = [...Array(40)].map(() => crypto.getRandomValues(new Uint8Array(30_000)));
  const { zstdCompressSync, constants } = zlib as unknown as {
    zstdCompressSync(bytes: Uint8Array, options: object): Uint8Array;
    constants: Record<string, number>;
  };
  const padded = Buffer.concat([...parts, new Uint8Array(20 << 20)]);
  const params = { [constants["ZSTD_c_windowLog"] ?? 0]: 25 };
  await assert.rejects(decode(zstdCompressSync(padded, { params }), ["zstd"]), /memory/);
});

Deno.test("nobody reading keeps a bomb where it is", async () => {
  const bytes = encode(new Uint8Array(LIMITS.expansionFreeBytes), "gzip");
  const decoded = decodeBody(Readable.from([bytes]), ["gzip"]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(decoded.readableLength <= 4 * LIMITS.decodeChunkBytes);
  decoded.destroy();
});

Deno.test("what a response is coded with is read in order, and what is unknown is told", () => {
  const of = (...values: string[]): ReturnType<typeof contentCodings> =>
    contentCodings(values.map((value) => ["Content-Encoding", value] as const));
  assert.deepEqual(of(), { ok: true, list: [] });
  assert.deepEqual(of("X-Gzip", "identity, br"), { ok: true, list: ["gzip", "br"] });
  assert.equal(of("gzip, gzip, gzip").ok, false);
  for (const value of ["compress", "dcb", "gzip;q=1", "gzip br"]) assert.equal(of(value).ok, false);
  assert.equal(contentCodings([["Transfer-Encoding", "gzip, chunked"]]).ok, false);
  assert.equal(contentCodings([["IM", "vcdiff"]]).ok, false);
  assert.equal(contentCodings([["Transfer-Encoding", "Chunked"]]).ok, true);
});

Deno.test("a request offers only what can be taken off, and a part only as it is", () => {
  const limited = (...headers: [string, string][]): string[] =>
    limitAcceptEncoding(headers).map(([name, value]) => `${name}: ${value}`);
  assert.deepEqual(limited(["Accept", "*/*"]), ["Accept: */*"]);
  assert.deepEqual(
    limited(["accept-encoding", "gzip;q=0.5, dcb, *, compress"], ["Accept-Encoding", "zstd"]),
    ["accept-encoding: gzip;q=0.5, zstd"],
  );
  assert.deepEqual(limited(["Accept-Encoding", "sdch"]), ["Accept-Encoding: identity"]);
  assert.deepEqual(
    limited(["Range", "bytes=0-9"], ["Accept-Encoding", "gzip"]),
    ["Range: bytes=0-9", "Accept-Encoding: identity"],
  );
  assert.deepEqual(
    limited(["Range", "bytes=0-9"]),
    ["Range: bytes=0-9", "Accept-Encoding: identity"],
  );
});
