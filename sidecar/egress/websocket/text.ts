import { WebSocketFault } from "./fault.ts";

/** Holds text messages to UTF-8 (RFC 6455, section 8.1), however they are cut. */
export class Utf8Check {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  /** @throws {WebSocketFault} when the message is no UTF-8. */
  push(part: Uint8Array, isFinal: boolean): void {
    try {
      this.#decoder.decode(part, { stream: !isFinal });
    } catch {
      throw new WebSocketFault(1007, "a text message is no UTF-8");
    }
  }
}
