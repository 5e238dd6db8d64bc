import {
  formatQueueFile,
  idInFileName,
  parseProposal,
  parseResponse,
  type Proposal,
  PROPOSAL_MAX_BYTES,
  proposalFileName,
  type ProposalResponse,
  type WireResult,
} from "../../policy/wire/proposal.ts";
import { BottleError, UsageError } from "../errors.ts";
import { codeOf } from "../state/io_error.ts";
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
 * Finds what the bottles of a home ask, or one of them. Throws BottleError when the queues cannot be
 * looked for.
 */
export async function openProposals(home: string, only?: string): Promise<OpenProposals> {
  const open: OpenProposal[] = [];
  const skipped: string[] = [];
  for (const slug of only === undefined ? await queues(home) : [only]) {
    const folder = queueFolder(home, slug);
    const names = await namesIn(folder);
    if (typeof names === "string") skipped.push(`${folder}: ${names}`);
    else for (const name of names) await readInto({ open, skipped }, { folder, slug, name });
  }
  open.sort((a, b) =>
    Date.parse(a.proposal.arrival_timestamp) - Date.parse(b.proposal.arrival_timestamp)
  );
  return { open, skipped };
}

/** Puts one file of a queue where it belongs. What has an answer that cannot be used is still open. */
async function readInto(
  found: { readonly open: OpenProposal[]; readonly skipped: string[] },
  { folder, slug, name }: { readonly folder: string; readonly slug: string; readonly name: string },
): Promise<void> {
  const id = idInFileName(name, "proposal");
  if (id === undefined) return;
  const proposal = await readProposal(`${folder}/${name}`, { id, slug });
  if (proposal === undefined) return;
  if (typeof proposal === "string") {
    found.skipped.push(`${folder}/${name}: ${proposal}`);
    return;
  }
  const answer = await readAnswer(folder, id);
  if (answer === "usable") return;
  if (answer !== "none") found.skipped.push(answer);
  found.open.push({ proposal, folder });
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
  if (await readAnswer(folder, proposal.id) === "usable") {
    const hint = "the first answer counts; its bottle takes it up by itself";
    throw new BottleError(`Cannot answer ${proposal.id}: it has an answer already`, { hint });
  }
  await writeFileAtomically(path, formatQueueFile(response));
}

/** The proposal, or why the file is none; undefined when it has just been moved away. */
async function readProposal(
  path: string,
  expected: { readonly id: string; readonly slug: string },
): Promise<Proposal | string | undefined> {
  const read = await readFile(path, parseProposal);
  if (read === undefined) return undefined;
  if (!read.ok) return read.reason;
  const { id, bottle_slug: slug } = read.value;
  if (id !== expected.id) return "its id is not that of its name";
  return slug === expected.slug ? read.value : "it speaks for another bottle";
}

/** Is there an answer that the bottle can take up? Else the path of the one that is, and why not. */
async function readAnswer(folder: string, id: string): Promise<"none" | "usable" | string> {
  const path = `${folder}/${proposalFileName(id, "response")}`;
  const read = await readFile(path, (text) => parseResponse(text, id));
  if (read === undefined) return "none";
  return read.ok ? "usable" : `${path}: ${read.reason}`;
}

/** What stands in a file of a queue; undefined when there is none. */
async function readFile<T>(
  path: string,
  parse: (text: string) => WireResult<T>,
): Promise<WireResult<T> | undefined> {
  const fail = (reason: string): WireResult<T> => ({ ok: false, reason });
  try {
    const info = await Deno.lstat(path);
    if (!info.isFile) return fail("it is not a regular file");
    if (info.size > PROPOSAL_MAX_BYTES) return fail("it is too large");
    return parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    return fail(error instanceof Error ? error.name : "it is not readable");
  }
}

/** Sorted; or why the folder cannot be read. */
async function namesIn(folder: string): Promise<string[] | string> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (names.push(name) >= MAX_FILES) break;
    }
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") return "it is not a folder";
    if (codeOf(error) !== "ENOENT") {
      return error instanceof Error ? error.name : "it is not readable";
    }
  }
  return names.sort();
}
