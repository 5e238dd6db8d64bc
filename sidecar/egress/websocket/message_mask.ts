import type { EchoRedactor, EchoStream } from "../../../policy/dlp/inbound/echo.ts";

/**
 * Masks secrets in one message, and the rest of those that began in what was said before it. That
 * goes by the length alone, which masking leaves as it is.
 */
export class MessageMask {
  readonly #stream: EchoStream;
  /** Of what was said before, so much is still to come out. */
  #before: number;

  constructor(echo: EchoRedactor, before: Uint8Array) {
    this.#stream = echo.stream();
    this.#before = before.length;
    this.push(before);
  }

  /** Names of the secrets that were found. */
  get found(): readonly string[] {
    return this.#stream.found;
  }

  push(part: Uint8Array): Uint8Array {
    return this.#ofMessage(this.#stream.push(part));
  }

  end(): Uint8Array {
    return this.#ofMessage(this.#stream.end());
  }

  #ofMessage(masked: Uint8Array): Uint8Array {
    const skipped = Math.min(this.#before, masked.length);
    this.#before -= skipped;
    return masked.subarray(skipped);
  }
}
