/** What stands between a backend and the engine, and what it does there. */
export interface BetweenOptions {
  /** The connection is lost for good at this request (the first is 1); absent for never. */
  readonly cutAt?: number;
  /** Changes what the backend sends; must keep its length. */
  rewrite?(text: string): string;
}

/** A socket that leads to the engine as long as it is let. */
export class EngineBetween implements AsyncDisposable {
  readonly path: string;
  readonly #options: BetweenOptions;
  readonly #listener: Deno.UnixListener;
  readonly #open = new Set<Deno.UnixConn>();
  readonly #serving: Promise<void>;
  #requests = 0;

  constructor(options: BetweenOptions) {
    this.#options = options;
    this.path = `${Deno.makeTempDirSync()}/engine.sock`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#serving = this.#serve();
  }

  /** How many requests there were. */
  get requests(): number {
    return this.#requests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut();
    await this.#serving;
    await Deno.remove(this.path.replace(/\/[^/]*$/, ""), { recursive: true });
  }

  async #serve(): Promise<void> {
    const joined: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) joined.push(this.#join(client));
    } catch {
      // Closed while it was waiting.
    }
    await Promise.allSettled(joined);
  }

  async #join(client: Deno.UnixConn): Promise<void> {
    const engine = await Deno.connect({ transport: "unix", path: "/var/run/docker.sock" });
    this.#open.add(client).add(engine);
    await Promise.allSettled([
      this.#pass(client, engine, (chunk) => this.#look(chunk)),
      this.#pass(engine, client, (chunk) => chunk),
    ]);
    for (const end of [client, engine]) close(end);
  }

  async #pass(
    from: Deno.UnixConn,
    to: Deno.UnixConn,
    change: (chunk: Uint8Array) => Uint8Array | undefined,
  ): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      const chunk = change(buffer.slice(0, count));
      if (chunk === undefined) return;
      for (let sent = 0; sent < chunk.length;) sent += await to.write(chunk.subarray(sent));
    }
    await to.closeWrite();
  }

  #look(chunk: Uint8Array): Uint8Array | undefined {
    const text = new TextDecoder("latin1").decode(chunk);
    if (/^(GET|POST|PUT|DELETE|HEAD) \S+ HTTP\/1\.1\r\n/.test(text)) {
      this.#requests++;
      if (this.#requests === this.#options.cutAt) {
        this.#cut();
        return undefined;
      }
    }
    if (!this.#options.rewrite) return chunk;
    const rewritten = this.#options.rewrite(text);
    return rewritten === text ? chunk : new TextEncoder().encode(rewritten);
  }

  #cut(): void {
    close(this.#listener);
    for (const end of this.#open) close(end);
  }
}

function close(end: { close(): void }): void {
  try {
    end.close();
  } catch {
    // Closed already.
  }
}
