const CONTROL_CLOSE_BRACKET = 0x1d;
const LETTER_D = 0x64;

/** What a chunk of typed bytes means: bytes for the agent, and whether to leave after them. */
export interface Typed {
  readonly bytes: Uint8Array;
  readonly detach: boolean;
}

/**
 * Watches typed bytes for the detach key: Ctrl-], then d. Ctrl-] twice is one Ctrl-] for the
 * agent; before anything else it is passed on too.
 */
export class DetachKey {
  #pending = false;

  read(chunk: Uint8Array): Typed {
    const bytes: number[] = [];
    for (const byte of chunk) {
      if (!this.#pending) {
        if (byte === CONTROL_CLOSE_BRACKET) this.#pending = true;
        else bytes.push(byte);
        continue;
      }
      this.#pending = false;
      if (byte === LETTER_D) return { bytes: new Uint8Array(bytes), detach: true };
      bytes.push(CONTROL_CLOSE_BRACKET);
      if (byte !== CONTROL_CLOSE_BRACKET) bytes.push(byte);
    }
    return { bytes: new Uint8Array(bytes), detach: false };
  }
}
