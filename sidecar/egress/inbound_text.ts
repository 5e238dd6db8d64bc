import { type Header, headerValues } from "../../policy/egress/end_to_end.ts";

/** Media types that people and models read as text (RFC 6838 names structured ones by suffix). */
const TEXTUAL =
  /^text\/|^multipart\/|^message\/|json|xml|html|javascript|ecmascript|event-stream|markdown|yaml|toml|csv|graphql|sql|urlencoded/;

/** How much of a body is looked at to tell text from other data, in bytes. */
const SNIFFED = 1024;

/** Does a response say that it is text? One that does not say what it is may well be. */
export function isTextual(headers: readonly Header[]): boolean {
  const type = mediaType(headers);
  return type === "" || TEXTUAL.test(type.split(";", 1)[0] ?? "");
}

/** Whatever a body is called, does it begin as text does? */
export function looksTextual(start: Uint8Array): boolean {
  if (byteOrder(start) !== undefined) return true;
  const head = start.subarray(0, SNIFFED);
  // Controls other than white space, form feed and escape make it data.
  return head.every((byte) => byte >= 32 || (byte >= 9 && byte <= 13) || byte === 27);
}

/**
 * Brings a body's text to UTF-8, chunk by chunk, when it says or shows that it is in another
 * encoding. What is UTF-8, ASCII or unknown is given as it is.
 */
export class Utf8View {
  readonly #declared: string | undefined;
  #decoder: TextDecoder | undefined;
  #isBegun = false;

  constructor(headers: readonly Header[]) {
    const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/.exec(mediaType(headers));
    this.#declared = charset?.[1];
  }

  push(chunk: Uint8Array): Uint8Array {
    if (!this.#isBegun) {
      this.#isBegun = true;
      this.#decoder = decoderOf(byteOrder(chunk) ?? this.#declared);
    }
    if (this.#decoder === undefined) return chunk;
    return new TextEncoder().encode(this.#decoder.decode(chunk, { stream: true }));
  }
}

function mediaType(headers: readonly Header[]): string {
  return headerValues(headers, "content-type")[0]?.toLowerCase() ?? "";
}

/** The encoding that a byte order mark names. */
function byteOrder(start: Uint8Array): string | undefined {
  const [first, second] = start;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

function decoderOf(label: string | undefined): TextDecoder | undefined {
  if (label === undefined) return undefined;
  try {
    const decoder = new TextDecoder(label);
    return decoder.encoding === "utf-8" ? undefined : decoder;
  } catch {
    // A name that means nothing: the bytes as they are tell more than none.
    return undefined;
  }
}
