/** Key types that OpenSSH accepts for servers and that are not considered broken. */
const KEY_TYPES: ReadonlySet<string> = new Set([
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
]);

export type HostKeyResult =
  | { readonly ok: true; readonly hostKey: string }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads an SSH server's public key as it stands in known_hosts after the host: a type and the key
 * in base64, whose own first field repeats the type (RFC 4253, section 6.6). A comment is dropped.
 * Never throws.
 */
export function parseHostKey(text: string): HostKeyResult {
  const [type = "", blob = "", ...rest] = text.trim().split(/[ \t]+/);
  if (!/^[\x21-\x7e \t]*$/.test(text)) return { ok: false, reason: "it is not one line of ASCII" };
  if (!KEY_TYPES.has(type)) {
    return KEY_TYPES.has(blob) && rest.length > 0
      ? { ok: false, reason: "it begins with a host name, which is left out here" }
      : { ok: false, reason: "it does not begin with a key type such as ssh-ed25519" };
  }
  const bytes = decodeBase64(blob);
  if (bytes === undefined) return { ok: false, reason: "its second part is not base64" };
  const length = bytes.charCodeAt(0) * 2 ** 24 + bytes.charCodeAt(1) * 2 ** 16 +
    bytes.charCodeAt(2) * 2 ** 8 + bytes.charCodeAt(3);
  if (length !== type.length || bytes.slice(4, 4 + length) !== type) {
    return { ok: false, reason: `its base64 part is not a key of the type ${type}` };
  }
  if (bytes.length < 4 + length + 32) return { ok: false, reason: "its base64 part is cut short" };
  return { ok: true, hostKey: `${type} ${blob}` };
}

function decodeBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length > 8192) return undefined;
  try {
    return atob(text);
  } catch {
    return undefined;
  }
}
