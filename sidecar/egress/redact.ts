import type { OutboundScanner } from "../../policy/dlp/scan.ts";
import { mark, replaceFindings } from "../../policy/dlp/surfaces.ts";
import type { OutboundDetector } from "../../policy/egress/route.ts";
import { REDACTED, type Secret } from "../../policy/secret.ts";

const DETECTORS: readonly OutboundDetector[] = Object.freeze(["token_patterns", "known_secrets"]);
/** The list of findings is bounded, so what is left is looked at again. */
const ROUNDS = 8;
/**
 * The name of a host, in which a token of capitals stands in small letters. It starts nowhere but
 * at the start of a label, or a long run without a dot would be read once for each of its letters.
 */
const HOST = /(?<![a-z0-9-])[a-z0-9-]+(?:\.[a-z0-9-]+)+/g;

/**
 * Makes what takes secrets out of a text that people or files get to see: all that the detectors
 * find, and the bottle's own key.
 */
export function redactor(scanner: OutboundScanner, key: Secret): (text: string) => string {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const find = (bytes: Uint8Array): ReturnType<OutboundScanner["scan"]> =>
    scanner.scan(bytes, { detectors: DETECTORS, isSafe: () => false });
  const clean = (text: string): string => {
    let bytes: Uint8Array = encoder.encode(text);
    for (let round = 0; round < ROUNDS; round++) {
      const found = find(bytes);
      if (found.length === 0) return round === 0 ? text : decoder.decode(bytes);
      if (found.some(({ range }) => range === undefined)) return REDACTED;
      bytes = replaceFindings(bytes, found, (finding) => encoder.encode(mark(finding)));
    }
    return REDACTED;
  };
  const whole = key.reveal();
  return (text) => {
    if (text === "") return text;
    const keyless = whole === "" ? text : text.replaceAll(whole, REDACTED);
    return clean(keyless).replace(HOST, (host) => {
      return find(encoder.encode(host.toUpperCase())).length === 0 ? host : REDACTED;
    });
  };
}
