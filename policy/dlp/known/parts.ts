import { decodeBase64, latin1 } from "./base64.ts";
import type { Source } from "./encodings.ts";
import { markPublicJwt } from "./jwt_part.ts";
import { holdsPem, pemParts } from "./pem_part.ts";

/** Names of fields whose values are secret, in JSON, connection strings and queries. */
const SECRET_NAME = /key|secret|token|pass|pwd|credential|signature|^sig$/i;
const NO_BYTES = new Uint8Array(0);
/** A shorter part of a path or query is a name or a number. */
const MIN_UNNAMED = 16;

/**
 * Prefixes of token formats, as their issuers document them, and a general one: up to three short
 * words with a sign behind each, in front of a long rest.
 */
const PREFIXES: readonly RegExp[] = [
  /^github_pat_11A/,
  /^sk-ant-[a-z]{3}\d\d-/,
  /^pypi-AgEIcHlwaS5vcmc/,
  // Slack's numbers of a workspace and a bot, Telegram's of a bot.
  /^xox[a-z]-(?:\d+-)*/,
  /^\d{8,10}:/,
  /^(?:AKIA|ASIA|AIza|dapi|eyJ)/,
  /^(?:[a-z]{1,8}\d{0,2}[-_.:]){1,3}(?=(?:[^A-Za-z0-9]*[A-Za-z0-9]){20})/,
];

/**
 * What of a credential has to be kept secret, with marks on what anybody may know: the values of
 * secret fields, the password and long parts of a URL, the bodies of PEM; of all else the whole,
 * with a token format's prefix and a JWT's header marked.
 */
export function secretParts(credential: string): Source[] {
  const value = credential.trim().replace(/^(?:Bearer|Basic|Token) +(?=\S)/i, "");
  const parts = structured(value);
  return parts === undefined || parts.length === 0
    ? [marked(value), ...loginOf(value), ...bytesOf(value)]
    : parts;
}

/** The password of a login in the form of HTTP's Basic scheme (RFC 7617). */
function loginOf(value: string): Source[] {
  const login = latin1(decodeBase64(value) ?? NO_BYTES);
  const [, password] = /^[\x20-\x39\x3b-\x7e]*:([\x20-\x7e]+)$/.exec(login) ?? [];
  return password === undefined ? [] : [marked(password)];
}

/** The bytes that a value writes in hex, or in what can only be base64, for they may travel anew. */
function bytesOf(value: string): Source[] {
  const hex = value.replaceAll("-", "");
  const isHex = /^(?:[0-9a-f]{2}){16,}$/i.test(hex);
  const isBase64 = value.length >= 22 && /[+/=]/.test(value);
  const bytes = isHex
    ? Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    : isBase64
    ? decodeBase64(value) ?? NO_BYTES
    : NO_BYTES;
  return bytes.length === 0 ? [] : [{ bytes, isPublic: new Uint8Array(bytes.length) }];
}

/** The parts of something with a structure; `undefined` of what has none. */
function structured(value: string): Source[] | undefined {
  if (holdsPem(value)) return pemParts(value);
  if (/^[{[]/.test(value)) return fromJson(value);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return fromUrl(value);
  return fromFields(value);
}

function partsOf(value: string): Source[] {
  return structured(value) ?? [marked(value)];
}

function fromJson(text: string): Source[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const values: string[] = [];
  const collect = (node: unknown, isSecret: boolean): void => {
    if (typeof node === "string" && isSecret && node !== "") values.push(node);
    if (typeof node !== "object" || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      collect(child, Array.isArray(node) ? isSecret : SECRET_NAME.test(name));
    }
  };
  collect(json, false);
  return values.flatMap(partsOf);
}

function fromUrl(text: string): Source[] | undefined {
  if (!URL.canParse(text)) return undefined;
  const { username, password, pathname, search, hash } = new URL(text);
  const login = password === "" ? username : password;
  const path = pathname.split("/").filter((part) => part.length >= MIN_UNNAMED);
  const fields = `${search.slice(1)}&${hash.slice(1)}`.split("&").flatMap((field) => {
    const [name = "", value = ""] = field.split("=");
    return SECRET_NAME.test(name) || value.length >= MIN_UNNAMED ? [value] : [];
  });
  return [login, ...path.filter((part) => !/^[a-z-]+$/i.test(part)), ...fields]
    .map(percentDecoded)
    .filter((part) => part !== "")
    .map(marked);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `Name=value;Name=value`, or one such pair in a line. */
function fromFields(text: string): Source[] | undefined {
  const fields = text.split(/[;\n]/).map((field) => field.trim()).filter((field) => field !== "");
  const pairs = fields.map((field) => /^([A-Za-z][\w .-]*)=(.+)$/.exec(field));
  if (pairs.length < 2 || pairs.includes(null)) return undefined;
  return pairs.flatMap((pair) => {
    const [, name = "", value = ""] = pair ?? [];
    return SECRET_NAME.test(name) ? partsOf(value.replace(/^(["'])(.*)\1$/, "$2")) : [];
  });
}

function marked(value: string): Source {
  const bytes = new TextEncoder().encode(value);
  const isPublic = new Uint8Array(bytes.length);
  for (const prefix of PREFIXES) isPublic.fill(1, 0, prefix.exec(value)?.[0].length ?? 0);
  markPublicJwt(value, isPublic);
  return { bytes, isPublic };
}
