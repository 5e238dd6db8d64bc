import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

type Make = (length: number) => Uint8Array;

const ROOT = join(import.meta.dirname ?? ".", "..");

function filled(unit: string | Uint8Array, length: number): Uint8Array {
  const bytes = Buffer.from(unit as string);
  const all = new Uint8Array(length);
  for (let at = 0; at < length; at += bytes.length) {
    all.set(bytes.subarray(0, length - at), at);
  }
  return all;
}

const of = (unit: string): Make => (length) => filled(unit, length);

function random(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

function sources(): string {
  return ["host", "backends", "providers"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
  ).join("\n");
}

/** The request of a long session with a model: files and outputs as strings of JSON. */
function session(): string {
  const pieces = sources().match(/[\s\S]{1,3000}/g) ?? [];
  return JSON.stringify({
    model: "model",
    messages: pieces.map((content, n) => ({ role: n % 2 ? "assistant" : "user", content })),
  });
}

const WORDS = "The caf\u00e9 \u2014 \u201cthe old one\u201d as people say \u2014 serves what the " +
  "kitchen has left over from the day before, and people come back for it every week, since " +
  "nothing else in the street stays open that long and the owner knows them all by name. She " +
  "doesn\u2019t write anything down: whoever orders is remembered, and whoever forgets to pay is " +
  "remembered even better. In winter the windows are white with steam, and from outside you see " +
  "only the lamps \u2026 then the door opens, and all the noise of the room comes out at once.\n" +
  "\u2022 soup of the day\n\u2022 bread and cheese\n\u2022 \u4e2d\u6587 menu on request\n";

/** Bodies that are sent in everyday work. */
export const CLEAN: Readonly<Record<string, Make>> = {
  "JSON of a long session": (length) => filled(session(), length),
  "source code": (length) => filled(sources(), length),
  "random base64": (length) => filled(random(length).toBase64(), length),
  "UTF-8 text": of(WORDS),
};

const base64 = (text: string | Uint8Array): string =>
  Buffer.from(text as string).toString("base64");

/** Bodies made to be slow. */
export const HOSTILE: Readonly<Record<string, Make>> = {
  "percent-encoding": of("%41%62%63%31"),
  "escapes": of("\\u0061\\u0062"),
  "escaped zero-width": of("\\u200ba"),
  "every kind of escape, sparse": of("hello, this is text %41 and \\u0041 &#65; =41 end. "),
  "escapes of escapes": of("%252541\\u005cu0041&#38;#65; "),
  "backslashes": of("\\"),
  "entities without end": of("&#"),
  "accents": of("\u00e9t\u00e9 \u00e0 la c\u00f4te "),
  "lookalikes": of("\uff41\uff42\u0430\u0435"),
  "zero-width": of("a\u200b"),
  "Chinese": of("\u4e2d\u6587\u5b57\u7b26"),
  "NUL": of("\0"),
  "UTF-16": (length) =>
    new Uint8Array(Buffer.from(session().repeat(9).slice(0, length / 2), "utf16le")),
  "random bytes": random,
  "hexadecimal": (length) => new Uint8Array(Buffer.from(random(length / 2).toHex())),
  "base64 of base64": (length) => filled(base64(random(length / 2).toBase64()), length),
  "base64 of base64 of base64": (length) =>
    filled(base64(base64(random(length / 4).toBase64())), length),
  "base64 of text": (length) => filled(base64(sources()), length),
  "base64 of hexadecimal": (length) => filled(base64(random(length / 2).toHex()), length),
  "base64 of percent": of(base64("%41%62%63".repeat(1000))),
  "base64 of keywords": of(base64("ghp_AKIA".repeat(999))),
  "small blobs": (length) =>
    filled(Array.from({ length: length / 26 }, () => random(18).toBase64()).join("; "), length),
  "one digit": of("A"),
  "keywords": of("ghp_ghp_"),
  "keywords of long patterns": of("eyJ"),
  "keywords of every kind": of("sk-ant-api03 AKIA eyJ xoxb- hf_ glpat- npm_ "),
  "magic numbers": of("\x1f\x08x"),
  "archives within each other": (length) =>
    gzipSync(gzipSync(filled(random(length / 2).toBase64(), length))),
};
