import assert from "node:assert/strict";
import { formatAge, formatDuration, formatSize } from "./format.ts";
import { formatTable } from "./table.ts";
import { clip, displayWidth } from "./width.ts";

Deno.test("sizes have at most four characters of number and a binary unit", () => {
  const sizes = [0, 1023, 1024, 1536, 150 * 1024, 5 * 1024 ** 3, 2000 * 1024 ** 4].map(formatSize);
  assert.deepEqual(sizes, [
    "0 B",
    "1023 B",
    "1.0 KiB",
    "1.5 KiB",
    "150 KiB",
    "5.0 GiB",
    "2000 TiB",
  ]);
});

Deno.test("durations have their two largest units", () => {
  const spans = [0, 350, 1000, 61_000, 3_600_000, 7_500_000, 90_000_000].map(formatDuration);
  assert.deepEqual(spans, ["0ms", "350ms", "1s", "1m 1s", "1h", "2h 5m", "1d 1h"]);
});

Deno.test("an age is never negative, and no time has none", () => {
  assert.equal(formatAge("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:01:00Z")), "1m");
  assert.equal(formatAge("2026-01-01T00:00:00Z", 0), "0ms");
  assert.equal(formatAge("yesterday", 0), "?");
});

Deno.test("columns align by what a terminal shows, not by length", () => {
  const lines = formatTable({ heading: ["A", "B"], rows: [["\u4e2d", "x"], ["e\u0301", "y"]] });
  assert.deepEqual(lines, ["A   B", "\u4e2d  x", "e\u0301   y"]);
});

Deno.test("a table gives way at its widest column until it fits, down to a least width", () => {
  const table = { heading: ["NAME", "FILE"], rows: [["dev", "x".repeat(50)]] };
  assert.deepEqual(formatTable(table, 20), ["NAME  FILE", "dev   xxxxxxxxxxx..."]);
  for (const line of formatTable(table, 20)) assert(displayWidth(line) <= 20);
  assert.equal(formatTable(table, 1)[1], "dev   xxxxx...");
  assert.equal(formatTable(table)[1], `dev   ${"x".repeat(50)}`);
});

Deno.test("clipping counts wide characters twice and never exceeds the width", () => {
  assert.equal(clip("\u4e2d\u4e2d\u4e2d\u4e2d", 7), "\u4e2d\u4e2d...");
  for (let width = 0; width < 10; width++) {
    assert(displayWidth(clip("\u4e2dabcdefghijk", width)) <= width);
  }
});
