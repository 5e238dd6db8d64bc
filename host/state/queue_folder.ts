import { EGRESS_UID } from "../../policy/wire/launch.ts";
import {
  formatQueueFile,
  idInFileName,
  PROCESSED_FOLDER,
  proposalFileName,
} from "../../policy/wire/proposal.ts";
import { isSlug } from "../../policy/slug.ts";
import { codeOf, ioError } from "./io_error.ts";
import { assertPrivate, makePrivateFolder } from "./private_folder.ts";
import { writeFileAtomically } from "./write_file.ts";

/** Where a bottle's questions to its operator lie. */
export function queueFolder(home: string, slug: string): string {
  return `${home}/queue/${slug}`;
}

/**
 * Makes the queue of a bottle whose state folder this process holds; what an earlier bottle of the
 * slug left is removed. Only its owner can enter: the operator, or where that is root, the account
 * of the process that asks. Throws BottleError.
 */
export async function makeQueue(home: string, slug: string): Promise<void> {
  const root = `${home}/queue`;
  const path = queueFolder(home, slug);
  await makePrivateFolder(root);
  await assertPrivate(root);
  await removeQueue(home, slug);
  try {
    await Deno.mkdir(path, { mode: 0o700 });
    if (Deno.uid() === 0) await Deno.chown(path, EGRESS_UID, EGRESS_UID);
  } catch (error) {
    throw ioError(`make ${path}`, error);
  }
}

/** Removes the queue of a bottle that has ended. Throws BottleError. */
export async function removeQueue(home: string, slug: string): Promise<void> {
  const path = queueFolder(home, slug);
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw ioError(`remove ${path}`, error);
  }
}

/**
 * Puts away what a bottle that has ended still asked, and keeps the rest as a record. Throws
 * BottleError.
 */
export async function settleQueue(home: string, slug: string): Promise<void> {
  const path = queueFolder(home, slug);
  const processed = `${path}/${PROCESSED_FOLDER}`;
  try {
    const ids = await openIds(path);
    if (ids.length === 0) return;
    await Deno.mkdir(processed, { recursive: true, mode: 0o700 });
    // A bottle may have put a link there, which would lead out of the queue.
    if (!(await Deno.lstat(processed)).isDirectory) throw new Error(`${processed} is a link`);
    const at = new Date().toISOString();
    for (const id of ids) {
      const name = proposalFileName(id, "proposal");
      await Deno.rename(`${path}/${name}`, `${processed}/${name}`);
      const note = formatQueueFile({ proposal_id: id, outcome: "abandoned", at });
      await writeFileAtomically(`${processed}/${proposalFileName(id, "note")}`, note);
    }
  } catch (error) {
    throw ioError(`settle ${path}`, error);
  }
}

/** Slugs that have a queue, sorted. Throws BottleError. */
export async function queues(home: string): Promise<string[]> {
  return (await namesIn(`${home}/queue`)).filter(isSlug).sort();
}

async function openIds(path: string): Promise<string[]> {
  return (await namesIn(path)).flatMap((name) => idInFileName(name, "proposal") ?? []);
}

async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) names.push(name);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw ioError(`read ${path}`, error);
  }
  return names;
}
