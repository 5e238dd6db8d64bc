import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

/** Fixed by RFC 6455, section 1.3. */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const TAIL = new Uint8Array([0, 0, 0xff, 0xff]);

const OPCODE = Object.freeze({ continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });

/** The server's end of a WebSocket (RFC 6455) with permessage-deflate (RFC 7692) when offered. */
export class ServerWebSocket {
  readonly #socket: Duplex;
  readonly #compressed: boolean;
  #unread = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #partsCompressed = false;
  #onMessage: (message: Uint8Array) => void = () => {};
  /** Status of the close frame that came. */
  closedWith: number | undefined;

  constructor(request: IncomingMessage, socket: Duplex) {
    this.#socket = socket;
    const offer = String(request.headers["sec-websocket-extensions"] ?? "");
    this.#compressed = offer.includes("permessage-deflate");
    const key = request.headers["sec-websocket-key"] ?? "";
    const accept = createHash("sha1").update(key + KEY_SUFFIX).digest("base64");
    // Without takeover of contexts each message stands alone.
    const extension = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
    socket.write([
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
      ...(this.#compressed ? [`Sec-WebSocket-Extensions: ${extension}`] : []),
      "\r\n",
    ].join("\r\n"));
    socket.on("error", () => {});
  }

  get compressed(): boolean {
    return this.#compressed;
  }

  /** Gives each whole message, decompressed, to `onMessage`. */
  listen(onMessage: (message: Uint8Array) => void, head: Uint8Array): void {
    this.#onMessage = onMessage;
    this.#socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
    if (head.length > 0) this.#read(head);
  }

  send(text: string): void {
    const plain = Buffer.from(text);
    if (!this.#compressed) return this.#frame(OPCODE.text, plain);
    const deflated = deflateRawSync(plain, { finishFlush: constants.Z_SYNC_FLUSH });
    this.#frame(OPCODE.text | 0x40, deflated.subarray(0, -TAIL.length));
  }

  #frame(first: number, payload: Uint8Array): void {
    const head = payload.length < 126
      ? Buffer.from([0x80 | first, payload.length])
      : Buffer.alloc(payload.length < 65_536 ? 4 : 10);
    head[0] = 0x80 | first;
    if (head.length === 4) {
      head[1] = 126;
      head.writeUInt16BE(payload.length, 2);
    } else if (head.length === 10) {
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(payload.length), 2);
    }
    this.#socket.write(Buffer.concat([head, payload]));
  }

  #read(chunk: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) this.#handle(frame);
  }

  #take(): { readonly first: number; readonly payload: Buffer } | undefined {
    const bytes = this.#unread;
    const short = (bytes[1] ?? 0) & 0x7f;
    const mask = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < mask + 4) return undefined;
    const length = short < 126
      ? short
      : short === 126
      ? bytes.readUInt16BE(2)
      : Number(bytes.readBigUInt64BE(2));
    const end = mask + 4 + length;
    if (bytes.length < end) return undefined;
    const payload = Buffer.from(bytes.subarray(mask + 4, end));
    for (let at = 0; at < length; at++) {
      payload[at] = (payload[at] ?? 0) ^ (bytes[mask + at % 4] ?? 0);
    }
    this.#unread = bytes.subarray(end);
    return { first: bytes[0] ?? 0, payload };
  }

  #handle({ first, payload }: { readonly first: number; readonly payload: Buffer }): void {
    const opcode = first & 0x0f;
    if (opcode === OPCODE.close) {
      this.closedWith = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.#frame(OPCODE.close, payload);
      this.#socket.end();
    }
    if (opcode === OPCODE.ping) this.#frame(OPCODE.pong, payload);
    if (opcode > OPCODE.binary) return;
    if (opcode !== OPCODE.continuation) this.#partsCompressed = (first & 0x40) !== 0;
    this.#parts.push(payload);
    if ((first & 0x80) === 0) return;
    const whole = Buffer.concat(this.#partsCompressed ? [...this.#parts, TAIL] : this.#parts);
    this.#parts = [];
    const finishFlush = constants.Z_SYNC_FLUSH;
    this.#onMessage(this.#partsCompressed ? inflateRawSync(whole, { finishFlush }) : whole);
  }
}
