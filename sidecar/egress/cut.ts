import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { rawSocketOf } from "./gate.ts";
import type { AgentResponse } from "./message.ts";

/** RFC 9113, section 7: INTERNAL_ERROR. */
const INTERNAL_ERROR = 2;

/** Ends a response in a way that the agent cannot take for its regular end. */
export function cutResponse(response: AgentResponse): void {
  if ("stream" in response) return void response.stream.close(INTERNAL_ERROR);
  // Where the end of the connection is the end of the body, only a reset says that it is not.
  if (response.socket !== null) resetSocket(response.socket);
  response.destroy();
}

/** Ends a connection with a TCP reset. */
export function resetSocket(socket: Socket): void {
  const raw = rawSocketOf(socket as TLSSocket) ?? socket;
  raw.resetAndDestroy();
  socket.destroy();
}
