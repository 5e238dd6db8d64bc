// All that policy/ may use besides the language itself: pure text functions of the web platform.
// `deno check --config policy/check.json policy` knows these and no other globals.

/** WHATWG URL parser; its UTS 46 processing is what brings host names to punycode. */
declare class URL {
  static canParse(url: string, base?: string): boolean;
  constructor(url: string, base?: string);
  readonly href: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean });
  decode(bytes?: ArrayBufferView | ArrayBuffer): string;
}

/** Base64 to one character for each byte. */
declare function atob(text: string): string;

/** One character for each byte to base64. */
declare function btoa(text: string): string;
