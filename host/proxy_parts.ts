/**
 * Parts of the proxy for `policy check`, which has to read coded bodies and to take secrets out of
 * what it shows exactly as the proxy does. The one place where the host imports from the sidecar.
 */
export { contentCodings } from "../sidecar/egress/inbound_codings.ts";
export { inflate } from "../sidecar/egress/inflate.ts";
export { CodingError, DecodeChain } from "../sidecar/egress/outbound_decode.ts";
export { redactor } from "../sidecar/egress/redact.ts";
