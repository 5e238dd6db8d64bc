/** Names of environment variables, as POSIX shells accept them. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const KNOWN_PREFIX = new RegExp(
  "^(?:sk-|sk_live_|sk_test_|rk_live_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|xapp-|AKIA|ASIA|" +
    "AIza|ya29\\.|hf_|npm_|pypi-|dop_v1_|dapi|SG\\.|hvs\\.|eyJ|Bearer |-----BEGIN)",
);

/**
 * Does the text look like a credential rather than like the name of one? Used to keep a value
 * that was pasted into the wrong place out of messages, so it errs towards yes.
 */
export function looksLikeToken(text: string): boolean {
  if (KNOWN_PREFIX.test(text) && text.length >= 16) return true;
  if (/^[0-9a-fA-F]{32,}$/.test(text) && /[0-9]/.test(text)) return true;
  if (text.length < 24 || /[\s/]/.test(text)) return false;
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text);
}
