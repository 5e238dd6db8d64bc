/** Every bound of the proxy in one place. Times in milliseconds, sizes in bytes. */
export const LIMITS = Object.freeze({
  /** Request line and headers together, either direction. */
  headerBytes: 64 * 1024,
  headerCount: 200,
  /** Requests of one HTTP/1.1 connection that wait for the answer to the one before them. */
  pipelined: 64,
  /** Informational responses before the response itself. */
  informational: 32,
  /** Connections from the bottle at one time. */
  connections: 1024,
  /** From accepting a connection, or the start of its next request, to complete headers. */
  headersMs: 15_000,
  /** How often connections are looked at for that. */
  headersCheckMs: 2_500,
  /** From the answer to what is malformed to the end of its connection. */
  lingerMs: 1_000,
  /** From CONNECT to the end of the TLS handshake. */
  handshakeMs: 15_000,
  /** A connection on which nothing moved in either direction; a model may think this long. */
  idleMs: 15 * 60_000,
  /** A request body up to this is read before the request goes upstream, unless it pauses. */
  wholeBodyBytes: 1024 * 1024,
  bodyPauseMs: 100,
  /** Bodies that are read ahead, of all requests together; further requests wait. */
  heldBodiesBytes: 64 * 1024 * 1024,
  /** Codings of a request body, one around the other. */
  codings: 3,
  /** A coded body is decoded in pieces of this size, and a piece may grow to that much. */
  codedPieceBytes: 16 * 1024,
  decodedPieceBytes: 4 * 1024 * 1024,
  /** How often one request is scanned anew after a match was dealt with. */
  scanRounds: 32,
  /** Values at one time for which requests wait for a person. */
  holds: 16,
  /** A kept connection towards the bottle that no request uses. */
  keepAliveMs: 75_000,
  /** Name resolution; each connection attempt; the TLS handshake with the upstream. */
  resolveMs: 10_000,
  connectMs: 10_000,
  upstreamHandshakeMs: 10_000,
  /** A kept upstream connection; shorter than the 5 s after which many servers close theirs. */
  upstreamFreeMs: 4_000,
  upstreamSessionIdleMs: 60_000,
  /** Read of an HTTP/2 response before anybody takes it; as much as one stream's window. */
  http2BufferBytes: 64 * 1024,
  /** Upstream connections to one origin, used and kept. */
  upstreamSockets: 128,
  upstreamFreeSockets: 32,
  /** Upstream origins remembered with their HTTP version. */
  upstreamOrigins: 512,
  /** Addresses of one name that are tried. */
  addresses: 8,
  /** Requests at one time on one HTTP/2 connection. */
  streams: 128,
  /** Requests that a client may abandon on one HTTP/2 connection within the window. */
  resets: 200,
  /** PING and SETTINGS frames that it may send within the window. */
  controlFrames: 500,
  floodWindowMs: 10_000,
  /** Hosts whose leaf certificate and TLS server are kept. */
  leaves: 256,
  leafReuseMs: 24 * 60 * 60_000,
  /** What a coded body may decode to: so much freely, and beyond that so many times itself. */
  expansionFreeBytes: 64 * 1024 * 1024,
  expansionRatio: 250,
  decodeChunkBytes: 64 * 1024,
  /** Early hints of one response that are passed on. */
  earlyHints: 16,
  /**
   * From a response's headers to what came with them, on its way through the layers: this long for
   * a stream, so many times that for anything else.
   */
  handOverMs: 5,
  handOverTurns: 10,
  /** Largest window of a zstd body, as a power of two (RFC 9659). */
  zstdWindowLog: 23,
  /** A WebSocket message up to this is scanned as a whole before any of it leaves. */
  webSocketWholeBytes: 1024 * 1024,
  /** The longest message, compressed and decoded; what it may decode to freely. */
  webSocketMessageBytes: 256 * 1024 * 1024,
  webSocketFreeBytes: 8 * 1024 * 1024,
  /** Parts in which longer frames pass. */
  webSocketPartBytes: 256 * 1024,
  /** What may wait for the scan, or for a person, before the sender has to. */
  webSocketQueueBytes: 2 * 1024 * 1024,
  /** From the first close frame to the end of both connections. */
  webSocketCloseMs: 10_000,
  /** Memory outside the JavaScript heap that starts a collection. */
  externalBytes: 48 * 1024 * 1024,
  /** Bytes relayed between two looks at that memory. */
  externalCheckBytes: 8 * 1024 * 1024,
  /** From the start to giving back the memory that only the start needed. */
  settleMs: 1_000,
});
