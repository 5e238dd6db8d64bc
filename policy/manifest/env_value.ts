import { ENV_NAME } from "./token_name.ts";

/** Where the value of an environment variable of the bottle comes from. */
export type EnvValue =
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "prompt"; readonly question: string }
  | { readonly kind: "host"; readonly variable: string };

export type EnvValueResult =
  | { readonly ok: true; readonly value: EnvValue }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/**
 * Reads a value of `env`: `?question` is asked for at launch, `${VAR}` as the whole text is taken
 * from the host, anything else stands for itself. `${` inside a longer text is refused, for an
 * author who writes it expects it to be filled in. Never throws.
 */
export function parseEnvValue(text: string): EnvValueResult {
  if (text.includes("\0")) {
    return { ok: false, message: "has a NUL character", hint: "no environment can hold one" };
  }
  if (text.startsWith("?")) {
    const question = text.slice(1).trim();
    if (question !== "") return { ok: true, value: { kind: "prompt", question } };
    const hint = 'Write the question after it, e.g. "?Enter the PIN"';
    return { ok: false, message: "is a `?` without a question", hint };
  }
  const variable = /^\$\{([^}]*)\}$/.exec(text)?.[1];
  if (variable !== undefined && ENV_NAME.test(variable)) {
    return { ok: true, value: { kind: "host", variable } };
  }
  if (text.includes("${")) {
    return {
      ok: false,
      message: "has `${` inside a longer text, or around what is no variable's name",
      hint: "a host variable is the whole value: set one on the host that holds the whole text",
    };
  }
  return { ok: true, value: { kind: "literal", value: text } };
}
