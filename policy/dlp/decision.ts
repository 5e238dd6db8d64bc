import type { OutboundAction } from "../egress/route.ts";
import type { Denial, DenialHint, FoundSecret, HoldOutcome } from "../egress/verdict.ts";
import type { Finding } from "./finding.ts";

/** What a match leads to. */
export type MatchVerdict = "block" | "redact" | "hold";

/** A finding of this kind is the scan's own limit: there is no value that could be called safe. */
export const UNSCANNABLE = "unscannable";

/**
 * Decides what findings lead to. What cannot be rewritten safely is blocked, and so is what could
 * not be scanned, whatever the route says.
 */
export function decideMatch(
  action: OutboundAction,
  findings: readonly Finding[],
  canRewrite: boolean,
): MatchVerdict {
  if (findings.some(({ kind }) => kind === UNSCANNABLE)) return "block";
  if (action === "supervise") return "hold";
  return action === "redact" && canRewrite ? "redact" : "block";
}

/** A finding as it may be shown. */
export function foundSecret({ detector, kind, writtenAs }: Finding, place: string): FoundSecret {
  return { detector, kind, place, writtenAs };
}

/** Findings as they may be shown, each once: a host is looked at twice, and a value may stand twice. */
export function foundSecrets(
  matches: readonly { readonly finding: Finding; readonly place: string }[],
): readonly FoundSecret[] {
  const found = matches.map(({ finding, place }) => foundSecret(finding, place));
  return [...new Map(found.map((one) => [describeFound(one), one])).values()];
}

/** The most findings that a denial lists. */
const MAX_LISTED = 20;

/** How a held request was refused, and what a person said to it. */
export interface Refusal {
  readonly outcome: HoldOutcome;
  /** Plain text, bounded. */
  readonly notes?: string;
}

/** The denial of a request that would take a secret out; nothing in it is the value. */
export function secretDenial(
  host: string,
  found: readonly FoundSecret[],
  refusal?: Refusal,
): Denial {
  const [first] = found;
  const what = first === undefined ? "a secret" : describeFound(first);
  const more = found.length > 1 ? ` and ${found.length - 1} more` : "";
  const why = refusal === undefined ? "" : `; ${REFUSED[refusal.outcome]}`;
  const said = refusal?.notes ? `: ${refusal.notes}` : "";
  return {
    action: "deny",
    status: 403,
    reason: "secret_found",
    host,
    message: `the request holds what must not leave (${what}${more})${why}${said}`,
    hint: hintOf(first, refusal),
    findings: found.slice(0, MAX_LISTED),
    ...(refusal !== undefined && { supervise: refusal }),
  };
}

/** One finding in words. */
export function describeFound({ detector, kind, place, writtenAs }: FoundSecret): string {
  if (kind === UNSCANNABLE) return `${place} could not be scanned: ${writtenAs.join(", ")}`;
  const how = writtenAs.length === 0 ? "" : ` written as ${writtenAs.join(" in ")}`;
  return `${detector}: ${kind} in ${place}${how}`;
}

/** The denial of a body whose coding keeps it from being scanned. */
export function unreadableDenial(host: string, message: string): Denial {
  const text = "Send the body without Content-Encoding, or in one of gzip, deflate, br and zstd";
  return { action: "deny", status: 403, reason: "body_unreadable", host, message, hint: { text } };
}

const REFUSED: Readonly<Record<HoldOutcome, string>> = Object.freeze({
  rejected: "a person rejected it",
  timed_out: "nobody answered in time",
  queue_failed: "it could not be put before a person, since the queue is not writable",
  not_wired: "it could not be put before a person, since this bottle has no queue",
  too_many: "too many requests wait for a person already",
  withdrawn: "the request was withdrawn",
});

function hintOf(first: FoundSecret | undefined, refusal: Refusal | undefined): DenialHint {
  if (first?.kind === UNSCANNABLE) {
    return { text: "Send it in a plainer form: what cannot be scanned is not sent" };
  }
  const leave = first?.detector === "known_secrets"
    ? "Leave the credential out: the proxy puts it in by itself where the route has one"
    : "Send the request without it";
  switch (refusal?.outcome) {
    case undefined:
      return { text: `${leave}; if it is no secret, your operator can change the route's dlp` };
    case "rejected":
      return { text: `${leave}; do not send it in another form` };
    case "too_many":
      return { text: `${leave}, or try again once the others are answered` };
    default:
      return { text: `${leave}; if it is no secret, tell your operator and send it again` };
  }
}
