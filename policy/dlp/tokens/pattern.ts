import data from "./patterns.json" with { type: "json" };

/** The format of one kind of token. */
export interface TokenPattern {
  /** Stable, lower case, shown to operators. */
  readonly id: string;
  readonly name: string;
  /** In the syntax of {@linkcode parseRegex}; its longest literal is the keyword. */
  readonly regex: string;
  /** Where the format is described. */
  readonly source: string;
  /**
   * What counts within a long run of base64 characters, where chance writes short keywords: nothing
   * (`never`), what carries a valid checksum (`crc32`), or what is drawn from the whole of base 32
   * (`base32`). Absent: the keyword is long enough.
   */
  readonly insideRuns?: "never" | "crc32" | "base32";
  /** Ends of tokens that a vendor publishes as examples; nobody can issue one. */
  readonly exampleEndings?: readonly string[];
  /**
   * So many equal characters in a row in the random part do not come about by chance: it is an
   * example (`0000000`), or no token but an encoded table or picture. For formats of one length
   * alone, since a longer match could be made by adding such a row to a real token.
   */
  readonly exampleRun?: number;
  /** The match needs a character that is no letter: names are as long as it. */
  readonly mixed?: boolean;
  /**
   * Where the match is made to be seen by everybody: the identifier of a key as a presigned address
   * names it. It opens nothing without the key, which never stands there.
   */
  readonly publicIn?: "credential-scope";
  /** The match has to look like encoded key material rather than prose. */
  readonly keyMaterial?: boolean;
}

/** Every format that is looked for. */
export const TOKEN_PATTERNS: readonly TokenPattern[] = Object.freeze(
  data.patterns as readonly TokenPattern[],
);
