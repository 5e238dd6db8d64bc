/** Where the client connects. */
export interface Target {
  /** The proxy on loopback; absent when the origin is asked directly. */
  readonly proxyPort?: number;
  readonly originPort: number;
}

/** What the client is told to do. */
export type Load =
  /** As many requests as go in `ms`, on kept connections. */
  | {
    readonly kind: "requests";
    readonly path: string;
    /** Of a POST; none makes it a GET. */
    readonly bodyBytes?: number;
    readonly connections: number;
    readonly ms: number;
  }
  /** As many connections, each with its CONNECT, its handshake and one GET, as go in `ms`. */
  | { readonly kind: "connections"; readonly connections: number; readonly ms: number }
  /** One body of `bytes` on one connection. */
  | { readonly kind: "download" | "upload"; readonly bytes: number }
  /** So many streamed answers, one after the other on one connection. */
  | { readonly kind: "first_byte"; readonly count: number };

/** What came of it. Every answer was 200 and complete, or there is no result at all. */
export interface Measured {
  /** Requests, connections or bytes for each second. */
  readonly rate: number;
  /** Milliseconds of one request (to its answer's end) or to the first byte of a stream. */
  readonly p50: number;
  readonly p99: number;
}

/** One line to the client. */
export interface Order {
  readonly target: Target;
  readonly load: Load;
}

/** One line from the client. */
export type Report = { readonly measured: Measured } | { readonly error: string };

/** The only host of the benchmark. */
export const HOST = "api.example.com";
