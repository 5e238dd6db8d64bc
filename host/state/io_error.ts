import { BottleError, reasonOf } from "../errors.ts";

const CASES: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  ["ENOSPC", ["the disk is full", "free some space, then try again"]],
  ["EDQUOT", ["your disk quota is used up", "free some space, then try again"]],
  ["EROFS", ["the file system is read-only", "set BOT_BOTTLE_HOME to a folder you can write to"]],
  ["EACCES", ["you may not write there", "check who owns it, or set BOT_BOTTLE_HOME"]],
  ["EPERM", ["you may not write there", "check who owns it, or set BOT_BOTTLE_HOME"]],
  ["ENOTDIR", ["part of the path is not a folder", "move that file away, or set BOT_BOTTLE_HOME"]],
  ["ELOOP", ["it is a link", "replace the link by a folder"]],
  ["ENAMETOOLONG", ["the path is too long", "set BOT_BOTTLE_HOME to a shorter path"]],
  ["EMFILE", ["too many files are open", "raise `ulimit -n`"]],
]);

/** What went wrong with a file, in the user's words. `doing` completes "Cannot". */
export function ioError(doing: string, error: unknown): BottleError {
  if (error instanceof BottleError) return error;
  const known = CASES.get(codeOf(error) ?? "");
  const [what, hint] = known ?? [reasonOf(error), "check the folder and try again"];
  return new BottleError(`Cannot ${doing}: ${what}`, { hint, cause: error });
}

/** The system's code of an error, e.g. `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
