import type { EchoRedactor } from "../../policy/dlp/inbound/echo.ts";
import type { Header } from "../../policy/egress/end_to_end.ts";
import { redactHeaders } from "./inbound_head.ts";
import { LIMITS } from "./limits.ts";
import type { AgentResponse } from "./message.ts";

const EARLY_HINTS = 103;

/**
 * Makes what passes an upstream's early hints on (RFC 8297): their links alone, masked like any
 * header, and only so many of them. A hint is a favour: one that is not well-formed is dropped.
 */
export function hintsTo(
  response: AgentResponse,
  echo: EchoRedactor | undefined,
): (status: number, headers: readonly Header[]) => void {
  let count = 0;
  return (status, headers) => {
    if (status !== EARLY_HINTS || response.headersSent || ++count > LIMITS.earlyHints) return;
    const link = redactHeaders(headers, echo)
      .filter(([name]) => name.toLowerCase() === "link").map(([, value]) => value);
    if (link.length === 0) return;
    try {
      response.writeEarlyHints({ link });
    } catch {
      // The response itself is none the worse for it.
    }
  };
}
