import { canonicalHost } from "../egress/host.ts";

/** A git repository reached over SSH. */
export interface GitUrl {
  /** As it stands in the manifest. */
  readonly text: string;
  readonly user: string;
  /** Canonical; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** As the server gets it: absolute in the `ssh://` spelling, else relative to its home. */
  readonly path: string;
}

export type GitUrlResult =
  | { readonly ok: true; readonly url: GitUrl }
  | { readonly ok: false; readonly reason: string };

const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
const PATH = /^[A-Za-z0-9._~+@/-]{1,512}$/;

/**
 * Reads `ssh://user@host[:port]/path` or `user@host:path`. Nothing in the result can be taken for
 * an option by git or ssh, has white space, or climbs with `..`. Never throws.
 */
export function parseGitUrl(text: string): GitUrlResult {
  const refuse = (reason: string): GitUrlResult => ({ ok: false, reason });
  const ssh = /^ssh:\/\/(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/[\]]*)(?::([0-9]*))?(\/.*)$/.exec(text);
  const scp = ssh === null ? /^([^@/:]*)@(\[[^\]]*\]|[^:/[\]]*):(.*)$/.exec(text) : null;
  if (ssh === null && scp === null) return refuse("it is neither of the two spellings");
  const [, user = "", hostText = "", portText = "22", path = ""] = ssh ??
    [text, scp?.[1], scp?.[2], undefined, scp?.[3]];
  if (!USER.test(user)) return refuse("it has no user before the host, or an unusual one");
  const host = canonicalHost(hostText);
  if (!host.ok) return refuse(`its host cannot be used: ${host.reason}`);
  const port = /^[1-9][0-9]{0,4}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65535) return refuse("its port is not a number from 1 to 65535");
  const fault = pathFault(path);
  if (fault !== undefined) return refuse(fault);
  return { ok: true, url: { text, user, host: host.host, port, path } };
}

function pathFault(path: string): string | undefined {
  if (!PATH.test(path)) {
    return "its path is empty or has a character other than A-Z a-z 0-9 . _ ~ + @ / -";
  }
  if (path.startsWith("-")) return "its path begins with `-`";
  const segments = path.split("/");
  if (segments.includes("..") || segments.includes(".")) return "its path has a dot segment";
  return segments.every((segment) => segment === "") ? "its path names no repository" : undefined;
}
