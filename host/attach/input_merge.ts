/** More than this many bytes wait for the agent: then whoever typed them waits too. */
const HIGH_WATER_BYTES = 64 * 1024;

/** One input stream that several sources write to. */
export class InputMerge {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #wanted = Promise.withResolvers<void>();
  #closed = false;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#wanted.resolve(),
      cancel: () => this.close(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }));
  }

  /** Adds bytes; resolves when there is room for more. Does nothing once closed. */
  async push(bytes: Uint8Array): Promise<void> {
    if (this.#closed || !this.#controller) return;
    this.#controller.enqueue(bytes);
    while (!this.#closed && (this.#controller.desiredSize ?? 1) <= 0) {
      this.#wanted = Promise.withResolvers();
      await this.#wanted.promise;
    }
  }

  /** End of file for the agent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wanted.resolve();
    try {
      this.#controller?.close();
    } catch { /* cancelled by its reader */ }
  }
}
