/** Why a WebSocket is closed, with the status code that says so (RFC 6455, section 7.4.1). */
export class WebSocketFault extends Error {
  override readonly name = "WebSocketFault";
  /** 1002 protocol error, 1007 unreadable data, 1008 policy, 1009 too big. */
  readonly code: 1002 | 1007 | 1008 | 1009;

  constructor(code: 1002 | 1007 | 1008 | 1009, message: string) {
    super(message);
    this.code = code;
  }
}
