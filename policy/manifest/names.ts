import * as v from "valibot";
import { because } from "./issue_text.ts";
import { MANIFEST_NAME, MAX_NAME } from "./manifest_name.ts";
import { ENV_NAME, looksLikeToken } from "./token_name.ts";

/** The name of a bottle, agent, provider or skill. */
export const NameSchema = v.pipe(
  v.string(),
  v.maxLength(MAX_NAME, because(`is longer than ${MAX_NAME} characters`, "shorten the name")),
  v.regex(
    MANIFEST_NAME,
    because("is not a name", "names begin with a letter and have only a-z, 0-9 and `-`"),
  ),
);

/**
 * The name of a host environment variable that holds a credential. A credential that was pasted
 * instead is recognised, and not repeated.
 */
export const TokenNameSchema = v.pipe(
  v.string(),
  v.check(
    (text) => !looksLikeToken(text) && text.length <= 128,
    because(
      "holds what looks like a token itself, not the name of a variable",
      "put the token into an environment variable, write that variable's name here, and revoke " +
        "the token if others can read this file",
    ),
  ),
  v.regex(
    ENV_NAME,
    because(
      "is not the name of an environment variable",
      "write a name such as EXAMPLE_TOKEN; its value is read from the host's environment",
    ),
  ),
);

/** A text on one line that is not empty. */
export const LineSchema = v.pipe(
  v.string(),
  v.check((text) => text.trim() !== "", because("is empty", "give it a value, or remove the key")),
  v.check(isOneLine, because("has a line break or control character", "write it on one line")),
);

/** Has the text no line break and no other control character? */
export function isOneLine(text: string): boolean {
  return !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}
