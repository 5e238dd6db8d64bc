/** The run was ended from outside; everything that it started is gone. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Aborts on SIGINT and SIGTERM while it is in scope. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #stop = (): void => this.#controller.abort(new Interrupted("interrupted"));

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, this.#stop);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.removeSignalListener(signal, this.#stop);
    }
  }
}
