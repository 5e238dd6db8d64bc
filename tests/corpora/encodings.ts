import { Buffer } from "node:buffer";
import { deflateSync, gzipSync } from "node:zlib";
import { base32, base58, base85, caesar, fullWidth, lookAlike } from "./alphabets.ts";

/** One way to write a secret. */
export interface Encoding {
  readonly name: string;
  /**
   * Does the design promise to see it? What it does not promise is in the corpus as well, so that
   * the table says what passes.
   */
  readonly isPromised: boolean;
  /** Nobody can read it once its letters are all small, as those of a host name are. */
  readonly needsCase?: boolean;
  /** The secret in each form of this encoding. */
  readonly forms: (secret: string) => readonly string[];
}

const bytesOf = (text: string): Buffer => Buffer.from(text, "utf8");
const codes = (text: string, write: (code: number) => string): string =>
  [...text].map((character) => write(character.charCodeAt(0))).join("");
const hex = (code: number, digits = 2): string => code.toString(16).padStart(digits, "0");
const percent = (text: string): string => codes(text, (code) => `%${hex(code).toUpperCase()}`);
const eachSecond = (text: string, write: (character: string) => string): string =>
  [...text].map((one, index) => index % 2 === 0 ? write(one) : one).join("");

/** Padded and not, with the secret at each of the three places in a group of three bytes. */
function base64Forms(secret: string, alphabet: "base64" | "base64url"): string[] {
  return ["", "a", "ab"].flatMap((before) => {
    const padded = bytesOf(before + secret).toString("base64");
    const written = alphabet === "base64"
      ? padded
      : padded.replaceAll("+", "-").replaceAll("/", "_");
    return [written, written.replace(/=+$/, "")];
  });
}

const between = (text: string, mark: string): string => [...text].join(mark);

/** Every encoding of the corpus, in the order of its table. */
export const ENCODINGS: readonly Encoding[] = Object.freeze([
  promised("as it is", (secret) => [secret]),
  promised("base64", (secret) => base64Forms(secret, "base64")),
  promised("base64url", (secret) => base64Forms(secret, "base64url")),
  promised("base32", (secret) => {
    const text = base32(bytesOf(secret));
    return [text, text.replace(/=+$/, ""), text.toLowerCase().replace(/=+$/, "")];
  }),
  promised("hex", (secret) => {
    const text = bytesOf(secret).toString("hex");
    return [text, text.toUpperCase()];
  }),
  promised("percent", (secret) => [
    percent(secret),
    percent(secret).toLowerCase(),
    eachSecond(secret, percent),
  ]),
  promised("percent twice", (secret) => [percent(secret).replaceAll("%", "%25")]),
  promised("\\uXXXX", (secret) => [
    codes(secret, (code) => `\\u${hex(code, 4)}`),
    codes(secret, (code) => `\\u${hex(code, 4).toUpperCase()}`),
  ]),
  promised("reversed", (secret) => [[...secret].reverse().join("")]),
  promised("rot13", (secret) => [caesar(secret, 13)]),
  promised("gzip + base64", (secret) => {
    const text = gzipSync(bytesOf(`value: ${secret}\n`)).toString("base64");
    return [text, text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")];
  }, { needsCase: true }),
  promised("base64 twice", (secret) => {
    const once = bytesOf(secret).toString("base64");
    return [bytesOf(once).toString("base64"), bytesOf(once).toString("base64url")];
  }, { needsCase: true }),
  promised("full width", (secret) => [fullWidth(secret)]),
  promised("zero width between", (secret) => [
    between(secret, "\u200b"),
    between(secret, "\u2060"),
    between(secret, "\ufeff"),
  ]),
  promised("combining marks", (secret) => [between(secret, "\u0301")]),
  promised("look-alikes", (secret) => [lookAlike(secret)]),
  promised("changed case", (secret) => [
    secret.toLowerCase(),
    secret.toUpperCase(),
    eachSecond(secret, (one) => one.toUpperCase()),
  ]),
  beyond("&#NN;", (secret) => [
    codes(secret, (code) => `&#${code};`),
    codes(secret, (code) => `&#x${hex(code)};`),
  ]),
  beyond("\\xXX", (secret) => [codes(secret, (code) => `\\x${hex(code)}`)]),
  beyond("quoted-printable", (secret) => [codes(secret, (code) => `=${hex(code).toUpperCase()}`)]),
  beyond("zlib + base64", (secret) => [deflateSync(bytesOf(secret)).toString("base64")], {
    needsCase: true,
  }),
  beyond("reversed, then base64", (secret) => [
    bytesOf([...secret].reverse().join("")).toString("base64"),
  ]),
  beyond("rot13, then hex", (secret) => [bytesOf(caesar(secret, 13)).toString("hex")]),
  beyond("base64 thrice", (secret) => {
    const twice = bytesOf(bytesOf(secret).toString("base64")).toString("base64");
    return [bytesOf(twice).toString("base64")];
  }, { needsCase: true }),
  beyond("base58", (secret) => [base58(bytesOf(secret))]),
  beyond("Ascii85", (secret) => [base85(bytesOf(secret))]),
  beyond("letters moved by 5", (secret) => [caesar(secret, 5)]),
  beyond("XOR 0x55, then hex", (secret) => [
    Buffer.from(bytesOf(secret).map((byte) => byte ^ 0x55)).toString("hex"),
  ]),
]);

interface Traits {
  readonly needsCase?: boolean;
}

function promised(name: string, forms: Encoding["forms"], traits: Traits = {}): Encoding {
  return { name, isPromised: true, forms, ...traits };
}

function beyond(name: string, forms: Encoding["forms"], traits: Traits = {}): Encoding {
  return { name, isPromised: false, forms, ...traits };
}
