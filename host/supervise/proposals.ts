import {
  formatQueueFile,
  idInFileName,
  parseProposal,
  type Proposal,
  PROPOSAL_MAX_BYTES,
  proposalFileName,
  type ProposalResponse,
} from "../../policy/wire/proposal.ts";
import { BottleError, UsageError } from "../errors.ts";
import { codeOf, ioError } from "../state/io_error.ts";
import { queueFolder, queues } from "../state/queue_folder.ts";
import { writeFileAtomically } from "../state/write_file.ts";

/** One open question of a bottle's. */
export interface OpenProposal {
  readonly proposal: Proposal;
  /** Absolute path of the bottle's queue. */
  readonly folder: string;
}

/** What waits for an answer, and what could not be read: a bottle may have put anything there. */
export interface OpenProposals {
  /** Oldest first. */
  readonly open: readonly OpenProposal[];
  /** `path: reason`, one for each file that was skipped. */
  readonly skipped: readonly string[];
}

/** What a person says. */
export interface Decision {
  readonly status: "approved" | "rejected";
  /** For the record, and for the agent when rejected. */
  readonly notes: string;
}

/** The most files of one queue that are read; more than a bottle may ask at one time. */
const MAX_FILES = 1000;

/**
 * Finds what the bottles of a home ask, or one of them. Throws BottleError when a queue cannot be
 * read.
 */
export async function openProposals(home: string, only?: string): Promise<OpenProposals> {
  const open: OpenProposal[] = [];
  const skipped: string[] = [];
  for (const slug of only === undefined ? await queues(home) : [only]) {
    const folder = queueFolder(home, slug);
    for (const name of await namesIn(folder)) {
      const id = idInFileName(name, "proposal");
      if (id === undefined) continue;
      const read = await readProposal(`${folder}/${name}`, { id, slug });
      if (typeof read === "string") skipped.push(`${folder}/${name}: ${read}`);
      else if (read && !await isAnswered(folder, id)) open.push({ proposal: read, folder });
    }
  }
  open.sort((a, b) =>
    Date.parse(a.proposal.arrival_timestamp) - Date.parse(b.proposal.arrival_timestamp)
  );
  return { open, skipped };
}

/** The open proposal whose id begins so. Throws UsageError when none does or several do. */
export function findProposal(proposals: OpenProposals, id: string): OpenProposal {
  const found = proposals.open.filter(({ proposal }) => proposal.id.startsWith(id.toLowerCase()));
  const [first, second] = found;
  if (first !== undefined && second === undefined && id !== "") return first;
  const what = first === undefined ? "nothing waits under this id" : "several ids begin so";
  throw new UsageError(`Cannot find the proposal ${JSON.stringify(id)}: ${what}`, {
    hint: "bot-bottle supervise list shows what waits; an answered or ended question is gone",
  });
}

/** Writes the answer, which the bottle takes up by itself. Throws BottleError. */
export async function respond(open: OpenProposal, decision: Decision): Promise<void> {
  const { proposal, folder } = open;
  const response: ProposalResponse = { proposal_id: proposal.id, ...decision, final_file: "" };
  const path = `${folder}/${proposalFileName(proposal.id, "response")}`;
  if (await isAnswered(folder, proposal.id)) {
    throw new BottleError(`Cannot answer ${proposal.id}: it has an answer already`);
  }
  await writeFileAtomically(path, formatQueueFile(response));
}

/** The proposal, or why the file is none; undefined when it has just been moved away. */
async function readProposal(
  path: string,
  expected: { readonly id: string; readonly slug: string },
): Promise<Proposal | string | undefined> {
  try {
    const info = await Deno.lstat(path);
    if (!info.isFile) return "it is not a regular file";
    if (info.size > PROPOSAL_MAX_BYTES) return "it is too large";
    const parsed = parseProposal(await Deno.readTextFile(path));
    if (!parsed.ok) return parsed.reason;
    const { id, bottle_slug: slug } = parsed.value;
    if (id !== expected.id) return "its id is not that of its name";
    return slug === expected.slug ? parsed.value : "it speaks for another bottle";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    return error instanceof Error ? error.name : "it is not readable";
  }
}

async function isAnswered(folder: string, id: string): Promise<boolean> {
  const path = `${folder}/${proposalFileName(id, "response")}`;
  return await Deno.lstat(path).then(() => true, () => false);
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (names.push(name) >= MAX_FILES) break;
    }
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw ioError(`read ${folder}`, error);
  }
  return names.sort();
}
