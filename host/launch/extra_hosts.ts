import { canonicalHost, parseAuthority } from "../../policy/egress/host.ts";
import type { ExtraHost } from "../../policy/wire/launch.ts";
import { UsageError } from "../errors.ts";

const VARIABLE = "BOT_BOTTLE_EXTRA_HOSTS";

/**
 * Reads the operator's fixed addresses for the sidecar: `name=address[:port],...`.
 * Throws UsageError on an entry that is not of that form.
 */
export function parseExtraHosts(text: string | undefined): ExtraHost[] {
  const entries = (text ?? "").split(",").map((entry) => entry.trim()).filter((entry) => entry);
  return entries.map(parseEntry);
}

function parseEntry(entry: string): ExtraHost {
  const equals = entry.indexOf("=");
  const name = canonicalHost(entry.slice(0, Math.max(equals, 0)));
  if (!name.ok || name.kind !== "name") throw malformed(entry, "no host name before the =");
  const address = parseAddress(entry.slice(equals + 1));
  if (!address) throw malformed(entry, "no IP address after the =");
  return { name: name.host, ...address };
}

function parseAddress(text: string): { address: string; port?: number } | undefined {
  const literal = canonicalHost(text);
  if (literal.ok && literal.kind !== "name") return { address: literal.host };
  const authority = parseAuthority(text);
  if (!authority.ok || authority.kind === "name") return undefined;
  return authority.port === undefined
    ? { address: authority.host }
    : { address: authority.host, port: authority.port };
}

function malformed(entry: string, why: string): UsageError {
  return new UsageError(`Cannot read ${VARIABLE}: ${JSON.stringify(entry)} has ${why}`, {
    hint: `write ${VARIABLE}=name=address,... with an optional :port after an address`,
  });
}
