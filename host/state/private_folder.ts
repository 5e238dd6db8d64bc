import { BottleError } from "../errors.ts";
import { ioError } from "./io_error.ts";

/** Makes a folder that only its owner can enter, unless it is there. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ioError(`make ${path}`, error);
  }
}

/**
 * Refuses a state folder that somebody else could have put or could write there: a link, a file,
 * one of another owner, or one that a group or everybody may write to.
 */
export async function assertPrivate(path: string): Promise<void> {
  const reason = whyNotPrivate(await Deno.lstat(path));
  if (reason === undefined) return;
  throw new BottleError(`Cannot use ${path}: ${reason}`, {
    hint: "move it away; bot-bottle makes its own folders, for their owner only",
  });
}

/** What makes a folder unfit for state, or undefined. */
export function whyNotPrivate(info: Deno.FileInfo): string | undefined {
  if (info.isSymlink) return "it is a link";
  if (!info.isDirectory) return "it is not a folder";
  const uid = Deno.uid();
  if (uid !== null && info.uid !== null && info.uid !== uid) return "it belongs to another user";
  if (info.mode !== null && (info.mode & 0o022) !== 0) return "other users may write to it";
  return undefined;
}
