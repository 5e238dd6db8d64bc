/** What is shown wherever a secret's text would otherwise appear. */
export const REDACTED = "[redacted]";

/**
 * Holds a credential so that printing, logging, inspecting, serialising or joining it shows
 * {@linkcode REDACTED}. Only {@linkcode Secret.reveal} gives the value, so each place that may
 * see one can be found by searching for that word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return REDACTED;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}
