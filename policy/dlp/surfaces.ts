import type { Header } from "../egress/end_to_end.ts";
import type { ByteRange, Finding } from "./finding.ts";

/** Where in a request something stands. */
export type Place =
  | { readonly surface: "method" | "host" | "path" | "query" | "body" | "message" }
  | { readonly surface: FieldSurface; readonly name: string };

type FieldSurface = "header" | "header name" | "trailer" | "trailer name";

/** One surface's bytes in a {@linkcode Layout}. */
export interface Segment extends ByteRange {
  readonly place: Place;
  /** Index of the header or trailer in the list that was laid out. */
  readonly field?: number;
}

/** Several surfaces as one buffer, so that one pass scans them all. */
export interface Layout {
  readonly bytes: Uint8Array;
  /** In the order of their place. */
  readonly segments: readonly Segment[];
}

/** The parts of a request's head that go upstream. */
export interface HeadParts {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** With its `?`. */
  readonly query: string;
  /** One character for each byte of a value. */
  readonly headers: readonly Header[];
}

/** Stands between surfaces: in no token, and it ends runs of every encoding. */
const SEPARATOR = "\n;\n";

class Writer {
  readonly #texts: string[] = [];
  readonly #segments: Segment[] = [];
  #length = 0;

  add(place: Place, text: string, field?: number): void {
    const [start, end] = [this.#length, this.#length + text.length];
    this.#texts.push(text, SEPARATOR);
    this.#length = end + SEPARATOR.length;
    this.#segments.push({ place, start, end, ...(field !== undefined && { field }) });
  }

  /**
   * Values stand together, those of one name in a row: a reader joins the lines of a field (RFC
   * 9110, section 5.2), and a secret must not leave in pieces of which each line has one.
   */
  fields(surface: "header" | "trailer", fields: readonly Header[]): void {
    const all = fields.map(([name, value], index) => ({
      name,
      value,
      index,
      lower: name.toLowerCase(),
    }));
    for (const { name, lower, index } of all) {
      this.add({ surface: `${surface} name`, name: lower }, name, index);
    }
    for (const group of Map.groupBy(all, ({ lower }) => lower).values()) {
      for (const { value, lower, index } of group) this.add({ surface, name: lower }, value, index);
    }
  }

  finish(): Layout {
    const bytes = latin1(this.#texts.join(""));
    return { bytes, segments: this.#segments };
  }
}

/** One byte for each character. */
function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/**
 * Lays out a head. The host is there a second time in upper case: names are resolved in lower case,
 * and a token that is made of capitals would pass in that disguise.
 */
export function layOutHead({ method, host, path, query, headers }: HeadParts): Layout {
  const writer = new Writer();
  writer.add({ surface: "method" }, method);
  writer.add({ surface: "host" }, host);
  writer.add({ surface: "host" }, host.toUpperCase());
  writer.add({ surface: "path" }, path);
  if (query !== "") writer.add({ surface: "query" }, query);
  writer.fields("header", headers);
  return writer.finish();
}

/** Lays out the fields that follow a body. */
export function layOutTrailers(trailers: readonly Header[]): Layout {
  const writer = new Writer();
  writer.fields("trailer", trailers);
  return writer.finish();
}

/** The surfaces that a range of a layout touches; none for one that is unknown. */
export function segmentsAt({ segments }: Layout, range: ByteRange | undefined): readonly Segment[] {
  if (range === undefined) return [];
  return segments.filter(({ start, end }) => start < range.end && range.start < end);
}

/** Names a place in words, for people. */
export function describePlace(place: Place): string {
  switch (place.surface) {
    case "header":
    case "trailer":
      return `${place.surface} ${place.name}`;
    case "header name":
    case "trailer name":
      return `a ${place.surface}`;
    default:
      return place.surface;
  }
}

/** What stands in the place of a value that was taken out. */
export function mark(finding: Finding): string {
  return `[redacted:${finding.detector}]`;
}

/** The mark as it stands in a path or a query. */
export function encodedMark(finding: Finding): string {
  return mark(finding).replace("[", "%5B").replace("]", "%5D");
}

/** A text (one character for each byte) with a replacement in each of the given ranges, in order. */
export function replaceRanges(
  text: string,
  replacements: readonly { readonly range: ByteRange; readonly by: string }[],
): string {
  let result = "";
  let from = 0;
  for (const { range, by } of replacements) {
    result += text.slice(from, range.start) + by;
    from = range.end;
  }
  return result + text.slice(from);
}

/** Bytes with a replacement in the range of each finding, in order; each must have one. */
export function replaceFindings(
  bytes: Uint8Array,
  findings: readonly Finding[],
  replacement: (finding: Finding) => Uint8Array,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const finding of findings) {
    if (finding.range === undefined) continue;
    parts.push(bytes.subarray(from, finding.range.start), replacement(finding));
    from = finding.range.end;
  }
  parts.push(bytes.subarray(from));
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
