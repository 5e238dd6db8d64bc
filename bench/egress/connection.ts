import { BodyReader, firstLine, headerEnd } from "./http1.ts";
import { HOST, type Target } from "./load.ts";

const encoder = new TextEncoder();
const CONNECT = encoder.encode(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`);

/** What one request gave. */
export interface Answered {
  /** `performance.now()` at the first byte of the body. */
  readonly firstByte: number;
  /** Bytes of the body; with its chunk headers where it is chunked. */
  readonly bytes: number;
}

/** A connection of the client's to the origin, through a proxy or not. */
export class Connection implements Disposable {
  readonly #socket: Deno.TlsConn;
  readonly #buffer = new Uint8Array(256 * 1024);

  private constructor(socket: Deno.TlsConn) {
    this.#socket = socket;
  }

  /** Rejects when the proxy refuses, or the origin's name is not what the certificate says. */
  static async open(target: Target): Promise<Connection> {
    const port = target.proxyPort ?? target.originPort;
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
    tcp.setNoDelay(true);
    if (target.proxyPort !== undefined) await establish(tcp);
    const socket = await Deno.startTls(tcp, { hostname: HOST });
    return new Connection(socket);
  }

  /** Sends a request given as bytes, or as chunks, and reads its answer to the end. */
  async exchange(request: Uint8Array | Iterable<Uint8Array>): Promise<Answered> {
    if (request instanceof Uint8Array) {
      await writeAll(this.#socket, request);
    } else {
      for (const chunk of request) await writeAll(this.#socket, chunk);
    }
    return await this.#answer();
  }

  async #answer(): Promise<Answered> {
    let filled = 0;
    let end = -1;
    while (end < 0) {
      filled += await this.#read(filled);
      end = headerEnd(this.#buffer.subarray(0, filled));
    }
    const head = this.#buffer.subarray(0, end);
    if (head[9] !== 0x32) throw new Error(`the answer is ${firstLine(head)}`);
    const body = new BodyReader(head);
    let isWhole = body.take(this.#buffer.subarray(end, filled));
    let firstByte = filled > end ? performance.now() : 0;
    while (!isWhole) {
      const length = await this.#read(0);
      firstByte ||= performance.now();
      isWhole = body.take(this.#buffer.subarray(0, length));
    }
    return { firstByte, bytes: body.bytes };
  }

  async #read(at: number): Promise<number> {
    const length = await this.#socket.read(this.#buffer.subarray(at));
    if (length === null) throw new Error("the connection ended before the answer");
    return length;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

async function establish(tcp: Deno.TcpConn): Promise<void> {
  await writeAll(tcp, CONNECT);
  const answer = new Uint8Array(4096);
  let filled = 0;
  while (headerEnd(answer.subarray(0, filled)) < 0) {
    const length = await tcp.read(answer.subarray(filled));
    if (length === null) throw new Error("the proxy closed on CONNECT");
    filled += length;
  }
  if (answer[9] !== 0x32) throw new Error(`CONNECT was answered ${firstLine(answer)}`);
}

async function writeAll(socket: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}
