/** What a matcher found in one text: a view of a body, or something decoded from it. */
export interface ViewMatch {
  /** The id of a token pattern, or the name of a known secret's variable. */
  readonly id: string;
  /** How it was written within this text, outermost first; empty when as it is. */
  readonly writtenAs: readonly string[];
  /** Offset in bytes of its first byte. */
  readonly start: number;
  /** Offset in bytes behind its last byte. */
  readonly end: number;
}
