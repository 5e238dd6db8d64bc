import { type Header, headerValues } from "../../../policy/egress/end_to_end.ts";

const NAME = "sec-websocket-extensions";
/** The one extension that the proxy can look into (RFC 7692). */
const DEFLATE = "permessage-deflate";

/** A compression that both ends agreed upon. */
export interface Agreed {
  /** What the server may not exceed, and the client neither, as powers of two. */
  readonly serverWindowBits: number;
  readonly clientWindowBits: number;
  readonly clientTakesOver: boolean;
  /** The header's value for the agent. */
  readonly value: string;
}

interface Offer {
  readonly name: string;
  /** Empty for a parameter without a value. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** What each parameter of RFC 7692, section 7.1, may be in an offer and in an answer. */
const IN_OFFER: Readonly<Record<string, RegExp>> = {
  server_no_context_takeover: /^$/,
  client_no_context_takeover: /^$/,
  server_max_window_bits: /^(?:[89]|1[0-5])$/,
  client_max_window_bits: /^(?:|[89]|1[0-5])$/,
};
const IN_ANSWER: Readonly<Record<string, RegExp>> = {
  ...IN_OFFER,
  client_max_window_bits: /^(?:[89]|1[0-5])$/,
};

/**
 * The headers of a handshake with no offer but well-formed ones of permessage-deflate, since under
 * any other extension frames mean what the proxy cannot read.
 */
export function limitExtensions(headers: readonly Header[]): readonly Header[] {
  const offers = parse(headers)?.filter((offer) => isDeflate(offer, IN_OFFER)) ?? [];
  const others = headers.filter(([name]) => name.toLowerCase() !== NAME);
  if (offers.length === 0) return others;
  return [...others, ["Sec-WebSocket-Extensions", offers.map(format).join(", ")]];
}

/**
 * Reads the server's choice: nothing, or permessage-deflate as the offers allow it (RFC 7692,
 * section 7.1). Gives undefined for any other.
 */
export function readAnswer(
  offered: readonly Header[],
  answered: readonly Header[],
): Agreed | "none" | undefined {
  const answers = parse(answered);
  if (answers === undefined || answers.length > 1) return undefined;
  const [answer] = answers;
  if (answer === undefined) return "none";
  if (!isDeflate(answer, IN_ANSWER)) return undefined;
  const offers = parse(offered) ?? [];
  if (!offers.some((offer) => allows(offer, answer))) return undefined;
  const { parameters } = answer;
  return {
    serverWindowBits: Number(parameters.get("server_max_window_bits") ?? 15),
    clientWindowBits: Number(parameters.get("client_max_window_bits") ?? 15),
    clientTakesOver: !parameters.has("client_no_context_takeover"),
    value: format(answer),
  };
}

function allows(offer: Offer, { parameters }: Offer): boolean {
  const asked = offer.parameters;
  if (parameters.has("client_max_window_bits") && !asked.has("client_max_window_bits")) {
    return false;
  }
  if (asked.has("server_no_context_takeover") && !parameters.has("server_no_context_takeover")) {
    return false;
  }
  const limit = asked.get("server_max_window_bits");
  if (limit === undefined) return true;
  return Number(parameters.get("server_max_window_bits") ?? 16) <= Number(limit);
}

function isDeflate(
  { name, parameters }: Offer,
  allowed: Readonly<Record<string, RegExp>>,
): boolean {
  if (name !== DEFLATE) return false;
  return [...parameters].every(([parameter, value]) =>
    Object.hasOwn(allowed, parameter) && allowed[parameter]?.test(value) === true
  );
}

/** Reads a list of extensions (RFC 6455, section 9.1); undefined when it is not well-formed. */
function parse(headers: readonly Header[]): Offer[] | undefined {
  const offers: Offer[] = [];
  for (const text of headerValues(headers, NAME).flatMap((value) => value.split(","))) {
    const [name = "", ...rest] = text.split(";").map((part) => part.trim());
    const parameters = new Map<string, string>();
    for (const part of rest) {
      const match = /^([a-z_]+)(?:[ \t]*=[ \t]*(?:([0-9]+)|"([0-9]+)"))?$/.exec(part);
      if (match === null || parameters.has(match[1] ?? "")) return undefined;
      parameters.set(match[1] ?? "", match[2] ?? match[3] ?? "");
    }
    if (name !== "") offers.push({ name: name.toLowerCase(), parameters });
  }
  return offers;
}

function format({ name, parameters }: Offer): string {
  const parts = [...parameters].map(([key, value]) => value === "" ? key : `${key}=${value}`);
  return [name, ...parts].join("; ");
}
