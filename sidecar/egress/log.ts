import { formatLogEvent, isLogged, type LogEvent } from "../../policy/egress/log_event.ts";
import type { LogLevel } from "../../policy/egress/route.ts";

/** Writes the proxy's events; no secret that is known or found stands in any line. */
export class EgressLog {
  readonly #bottle: string;
  readonly #redact: (text: string) => string;
  readonly #write: (line: string) => void;
  /** Of the policy in force. */
  level: LogLevel = 1;

  constructor(options: {
    readonly bottle: string;
    /** Takes secrets out of a text. */
    readonly redact: (text: string) => string;
    readonly write: (line: string) => void;
  }) {
    this.#bottle = options.bottle;
    this.#redact = options.redact;
    this.#write = options.write;
  }

  event(event: LogEvent): void {
    // Most are not written, and the time of day is not free.
    if (!isLogged(event.event, this.level)) return;
    const line = formatLogEvent(event, {
      ts: new Date().toISOString(),
      bottle: this.#bottle,
      level: this.level,
      redact: this.#redact,
    });
    if (line !== undefined) this.#write(line);
  }
}
