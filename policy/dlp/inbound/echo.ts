import type { Secret } from "../../secret.ts";
import { secretParts } from "../known/parts.ts";
import { echoForms, foldCase, HEAD } from "./echo_forms.ts";
import { agrees, EchoIndex, GRAM, gramAt, type NamedForm, spread } from "./echo_index.ts";
import { Mask } from "./mask.ts";

/** Masks known secrets in what comes back from the network. */
export interface EchoRedactor {
  /** Begins one body, or one message. */
  stream(): EchoStream;
  /** A whole text: a header's value, a line of a log. */
  redactText(text: string): { readonly text: string; readonly found: readonly string[] };
}

/**
 * One body in chunks. The output is as long as the input and does not depend on how it was cut; a
 * secret is masked by as many bytes as it takes, so that lengths, ranges and frames stay right.
 */
export interface EchoStream {
  /**
   * What may go on to the reader: all but the last bytes that may be the beginning of a secret. The
   * chunk itself when there is nothing to mask or to hold; never changes the chunk.
   */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held. */
  end(): Uint8Array;
  /** The names of the secrets that were masked. */
  readonly found: readonly string[];
}

/** Half-open range of bytes that hold a secret. */
interface Echo {
  readonly id: string;
  readonly start: number;
  readonly end: number;
}

/** A beginning of a secret is masked as well, when it tells twelve characters. */
const ENOUGH_BITS = 96;
/** The longest line end with indentation that is passed over inside a secret. */
const MAX_BREAK = 40;
const NOTHING: Uint8Array = new Uint8Array(0);
const NO_MATCH = 0;
const UNDECIDED = -1;

/** Prepares the forms of the secrets; a value shorter than six bytes has none. */
export function createEchoRedactor(secrets: ReadonlyMap<string, Secret>): EchoRedactor {
  const forms: NamedForm[] = [...secrets].flatMap(([id, secret]) =>
    secretParts(secret.reveal()).flatMap(echoForms).map((form) => ({ ...form, id }))
  );
  const index = new EchoIndex(forms);
  return {
    stream: () => new Stream(index),
    redactText: (text) => {
      const stream = new Stream(index);
      const parts = [stream.push(new TextEncoder().encode(text)), stream.end()];
      if (stream.found.length === 0) return { text, found: [] };
      return {
        text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(parts)),
        found: stream.found,
      };
    },
  };
}

class Stream implements EchoStream {
  readonly #index: EchoIndex;
  readonly #mask = new Mask();
  readonly #found = new Set<string>();
  #held = NOTHING;

  constructor(index: EchoIndex) {
    this.#index = index;
  }

  get found(): readonly string[] {
    return [...this.#found];
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? chunk : joined([this.#held, chunk]);
    const { echoes, safe } = this.#scan(bytes, false);
    this.#held = safe === bytes.length ? NOTHING : new Uint8Array(bytes.subarray(safe));
    return this.#release(bytes, echoes, safe);
  }

  end(): Uint8Array {
    const bytes = this.#held;
    this.#held = NOTHING;
    return this.#release(bytes, this.#scan(bytes, true).echoes, bytes.length);
  }

  #release(bytes: Uint8Array, echoes: readonly Echo[], safe: number): Uint8Array {
    const begun = echoes.filter(({ start }) => start < safe).toSorted((a, b) => a.start - b.start);
    for (const { id } of begun) this.#found.add(id);
    return this.#mask.apply(safe === bytes.length ? bytes : bytes.subarray(0, safe), begun);
  }

  /** The secrets that begin in some bytes, and where what may still become one begins. */
  #scan(bytes: Uint8Array, isEnd: boolean): { echoes: Echo[]; safe: number } {
    const { stride, filter } = this.#index;
    const echoes: Echo[] = [];
    let safe = isEnd ? bytes.length : this.#index.tailStart(bytes);
    for (let at = 0; at + GRAM <= bytes.length; at += stride) {
      const gram = gramAt(bytes, at);
      if (filter[spread(gram)] === 0) continue;
      for (const { family: { head, forms }, offset } of this.#index.beginnings(gram)) {
        const start = at - offset;
        if (start < 0 || !agrees(head, bytes, start)) continue;
        for (const form of forms) {
          const end = matchForm(bytes, { form, start, isEnd });
          if (end === UNDECIDED) safe = Math.min(safe, start);
          else if (end !== NO_MATCH) echoes.push({ id: form.id, start, end });
        }
      }
    }
    return { echoes, safe };
  }
}

/**
 * Where a form ends whose head stands at `start`, or enough of its beginning; or that there is none,
 * or that more bytes decide.
 */
function matchForm(
  bytes: Uint8Array,
  options: { readonly form: NamedForm; readonly start: number; readonly isEnd: boolean },
): number {
  const { text, bitsBefore } = options.form;
  let matched = Math.min(HEAD, text.length, bytes.length - options.start);
  let at = options.start + matched;
  let end = at;
  while (matched < text.length && at < bytes.length) {
    if (foldCase(bytes[at] as number) === text[matched]) {
      matched++;
      end = ++at;
      continue;
    }
    const skipped = matched < HEAD ? 0 : breakLength(bytes, at);
    if (skipped === 0) break;
    at += skipped;
  }
  if (matched === text.length) return end;
  if (at >= bytes.length && !options.isEnd) return UNDECIDED;
  return (bitsBefore[matched] as number) >= ENOUGH_BITS ? end : NO_MATCH;
}

/** The length of line ends, plain or escaped, with indentation; of what may become one, too. */
function breakLength(bytes: Uint8Array, start: number): number {
  let at = start;
  let hasBreak = false;
  while (at < bytes.length && at - start < MAX_BREAK) {
    const byte = bytes[at] as number;
    const next = bytes[at + 1];
    if (byte === 0x0a || byte === 0x0d) at++;
    else if (byte === 0x5c && (next === undefined || next === 0x6e || next === 0x72)) at += 2;
    else if (hasBreak && (byte === 0x20 || byte === 0x09)) at++;
    else break;
    hasBreak = true;
  }
  return at - start;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
