import { createKnownMatcher } from "./known/matcher.ts";
import type { Finding } from "./finding.ts";
import type { ScanTools } from "./nested/layer_scan.ts";
import { Scratch } from "./nested/scratch.ts";
import type { OutboundScanner, ScannerOptions, ScanRequest, StreamScan } from "./scan.ts";
import { Stream } from "./stream.ts";
import { apart, MOST_FINDINGS } from "./stream_findings.ts";
import { BLOCK, WindowScan } from "./stream_window.ts";
import { createTokenMatcher } from "./tokens/matcher.ts";
import { FoldTable } from "./views/fold_table.ts";
import { Interests } from "./views/interest.ts";

/** Bytes that a window has of the one before it: a token that is written in several ways at once. */
const OVERLAP = 32 * 1024;

/** More bytes than any token needs that is broken by white space, a private key's begin say. */
const LEAST_REACH = 192;

/** The parts that a scanner is composed of. */
export type ScannerParts = Pick<ScanTools, "tokens" | "known" | "secrets" | "inflate">;

/** Makes the scanner of a bottle; takes some milliseconds. */
export function createOutboundScanner(options: ScannerOptions): OutboundScanner {
  const { secrets, inflate } = options;
  const tokens = createTokenMatcher();
  return composeScanner({ tokens, known: createKnownMatcher(secrets), secrets, inflate });
}

/** A scanner of the given parts. */
export function composeScanner(parts: ScannerParts): OutboundScanner {
  const table = new FoldTable();
  const reach = {
    bytes: LEAST_REACH,
    alphanumerics: parts.known.carry,
    unbroken: parts.tokens.maxLength,
  };
  const tools: ScanTools = {
    ...parts,
    table,
    interests: new Interests(table, reach),
    scratch: new Scratch(),
    overlap: OVERLAP,
  };
  return new Scanner(tools);
}

class Scanner implements OutboundScanner {
  readonly #tools: ScanTools;

  constructor(tools: ScanTools) {
    this.#tools = tools;
  }

  scan(bytes: Uint8Array, request: ScanRequest): readonly Finding[] {
    const scan = new WindowScan(this.#tools, request);
    const found: Finding[] = [];
    let offset = 0;
    for (let end = BLOCK;; end += BLOCK) {
      const isLast = end >= bytes.length;
      const window = bytes.subarray(offset, isLast ? bytes.length : end);
      found.push(...scan.scan(window, { offset, isLast }));
      if (isLast || found.length >= MOST_FINDINGS) return apart(found);
      offset += scan.advance(window);
    }
  }

  stream(request: ScanRequest): StreamScan {
    return new Stream(new WindowScan(this.#tools, request), this.#tools.overlap);
  }
}
