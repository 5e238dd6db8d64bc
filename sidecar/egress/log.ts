import { formatLogEvent, type LogEvent } from "../../policy/egress/log_event.ts";
import type { LogLevel } from "../../policy/egress/route.ts";
import { REDACTED, type Secret } from "../../policy/secret.ts";

/** Writes the proxy's events; no value of a token stands in any line. */
export class EgressLog {
  readonly #bottle: string;
  readonly #tokens: readonly Secret[];
  readonly #write: (line: string) => void;
  /** Of the policy in force. */
  level: LogLevel = 1;

  constructor(options: {
    readonly bottle: string;
    readonly tokens: Iterable<Secret>;
    readonly write: (line: string) => void;
  }) {
    this.#bottle = options.bottle;
    this.#tokens = [...options.tokens];
    this.#write = options.write;
  }

  event(event: LogEvent): void {
    const line = formatLogEvent(event, {
      ts: new Date().toISOString(),
      bottle: this.#bottle,
      level: this.level,
      redact: (text) => this.#redact(text),
    });
    if (line !== undefined) this.#write(line);
  }

  #redact(text: string): string {
    let clean = text;
    for (const token of this.#tokens) {
      const value = token.reveal();
      if (value !== "") clean = clean.replaceAll(value, REDACTED);
    }
    return clean;
  }
}
