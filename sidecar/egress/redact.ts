import type { OutboundScanner } from "../../policy/dlp/scan.ts";
import { mark, replaceFindings } from "../../policy/dlp/surfaces.ts";
import type { OutboundDetector } from "../../policy/egress/route.ts";
import { REDACTED, type Secret } from "../../policy/secret.ts";

const DETECTORS: readonly OutboundDetector[] = Object.freeze(["token_patterns", "known_secrets"]);
/** The list of findings is bounded, so what is left is looked at again. */
const ROUNDS = 8;

/**
 * Makes what takes secrets out of a text that people or files get to see: all that the detectors
 * find, and the bottle's own key.
 */
export function redactor(scanner: OutboundScanner, key: Secret): (text: string) => string {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return (text) => {
    if (text === "") return text;
    const whole = key.reveal();
    let bytes: Uint8Array = encoder.encode(whole === "" ? text : text.replaceAll(whole, REDACTED));
    for (let round = 0; round < ROUNDS; round++) {
      const found = scanner.scan(bytes, { detectors: DETECTORS, isSafe: () => false });
      if (found.length === 0) return decoder.decode(bytes);
      if (found.some(({ range }) => range === undefined)) return REDACTED;
      bytes = replaceFindings(bytes, found, (finding) => encoder.encode(mark(finding)));
    }
    return REDACTED;
  };
}
