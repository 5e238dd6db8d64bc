/** Characters that render like ASCII ones, from the confusables of Unicode Technical Standard 39. */
const LOOK_ALIKES: Readonly<Record<string, string>> = Object.freeze({
  a: "\u0430",
  c: "\u0441",
  e: "\u0435",
  i: "\u0456",
  j: "\u0458",
  o: "\u043e",
  p: "\u0440",
  s: "\u0455",
  x: "\u0445",
  y: "\u0443",
  A: "\u0391",
  B: "\u0392",
  C: "\u0421",
  E: "\u0395",
  H: "\u041d",
  I: "\u0399",
  K: "\u039a",
  M: "\u039c",
  N: "\u039d",
  O: "\u041e",
  P: "\u03a1",
  S: "\u0405",
  T: "\u0422",
  X: "\u03a7",
  Y: "\u03a5",
  Z: "\u0396",
});

/** Every character that has a look-alike of another script replaced by it. */
export function lookAlike(text: string): string {
  return [...text].map((character) => LOOK_ALIKES[character] ?? character).join("");
}

/** Printable ASCII moved to the full-width forms of Unicode's compatibility block. */
export function fullWidth(text: string): string {
  return text.replace(
    /[!-~]/g,
    (character) => String.fromCodePoint(character.charCodeAt(0) + 0xfee0),
  );
}

/** Letters moved by `by` places in the alphabet, digits as they are. */
export function caesar(text: string, by: number): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const first = letter < "a" ? 65 : 97;
    return String.fromCharCode((letter.charCodeAt(0) - first + by) % 26 + first);
  });
}

/** RFC 4648, section 6. */
export function base32(bytes: Uint8Array): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const digits = bits.match(/.{1,5}/g) ?? [];
  const text = digits.map((five) => alphabet[parseInt(five.padEnd(5, "0"), 2)]).join("");
  return text.padEnd(Math.ceil(text.length / 8) * 8, "=");
}

/** Bitcoin's alphabet; leading zeros do not occur in text. */
export function base58(bytes: Uint8Array): string {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let rest = BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`);
  let text = "";
  for (; rest > 0n; rest /= 58n) text = `${alphabet[Number(rest % 58n)]}${text}`;
  return text;
}

/** Adobe's Ascii85 without its frame. */
export function base85(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const group = [0, 1, 2, 3].map((offset) => bytes[at + offset] ?? 0);
    let rest = group.reduce((value, byte) => value * 256 + byte, 0);
    let five = "";
    for (let digit = 0; digit < 5; digit++) {
      five = String.fromCharCode(rest % 85 + 33) + five;
      rest = Math.floor(rest / 85);
    }
    text += five.slice(0, Math.min(4, bytes.length - at) + 1);
  }
  return text;
}
