import * as v from "valibot";

/** The most bytes of a proposal's or response's file that are written or read. */
export const PROPOSAL_MAX_BYTES = 2 * 1024 * 1024;

/** The most characters of each text in one. */
export const PROPOSAL_LIMITS = Object.freeze({
  proposedFile: 1024 * 1024,
  justification: 16 * 1024,
  notes: 16 * 1024,
});

/** The folder within a queue to which whoever waited moves what is settled. */
export const PROCESSED_FOLDER = "processed";

/** What a person can be asked. */
export const PROPOSAL_TOOLS = Object.freeze(
  [
    "egress-token-allow",
    "egress-allow",
    "egress-block",
    "capability-block",
    "gitleaks-allow",
  ] as const,
);

/** What a person is asked with one proposal. */
export type ProposalTool = (typeof PROPOSAL_TOOLS)[number];

const Id = v.pipe(v.string(), v.uuid(), v.toLowerCase());

const Proposal = v.strictObject({
  id: Id,
  bottle_slug: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)),
  tool: v.picklist(PROPOSAL_TOOLS),
  proposed_file: v.pipe(v.string(), v.maxLength(PROPOSAL_LIMITS.proposedFile)),
  justification: v.pipe(v.string(), v.maxLength(PROPOSAL_LIMITS.justification)),
  /** ISO 8601. */
  arrival_timestamp: v.pipe(v.string(), v.isoTimestamp()),
  /** SHA-256 of the file that it would change, in hexadecimal digits. */
  current_file_hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** `<id>.proposal.json`: what a bottle asks. Everything in it is hostile until it was escaped. */
export type Proposal = v.InferOutput<typeof Proposal>;

/** Left out or null where there is nothing to say. */
const text = (limit: number): v.GenericSchema<string | null | undefined, string> =>
  v.nullish(v.pipe(v.string(), v.maxLength(limit)), "");

const Response = v.strictObject({
  proposal_id: Id,
  status: v.picklist(["approved", "modified", "rejected"]),
  notes: text(PROPOSAL_LIMITS.notes),
  /** What was applied; empty when nothing was. */
  final_file: text(PROPOSAL_LIMITS.proposedFile),
});

/** `<id>.response.json`: what a person said. */
export type ProposalResponse = v.InferOutput<typeof Response>;

const Note = v.strictObject({
  proposal_id: Id,
  outcome: v.picklist(["timed_out", "withdrawn", "abandoned"]),
  /** ISO 8601. */
  at: v.pipe(v.string(), v.isoTimestamp()),
});

/** `<id>.note.json`, beside a processed proposal that nobody answered: why it is no longer open. */
export type ProposalNote = v.InferOutput<typeof Note>;

/** The parts of one proposal's story, each a file of its own. */
export type ProposalPart = "proposal" | "response" | "note";

/** The name of one part's file. */
export function proposalFileName(id: string, part: ProposalPart): string {
  return `${id}.${part}.json`;
}

/** The id in a file's name, when it is one of that part. */
export function idInFileName(name: string, part: ProposalPart): string | undefined {
  const found = /^([0-9a-f-]{36})\.([a-z]+)\.json$/.exec(name);
  return found?.[2] === part ? found[1] : undefined;
}

/** A read file, or why it cannot be used. */
export type WireResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

type Schema<T> = v.GenericSchema<unknown, T> & { readonly entries: object };

function parse<T>(schema: Schema<T>, source: string): WireResult<T> {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return { ok: false, reason: "it is not JSON" };
  }
  const result = v.safeParse(schema, value);
  if (result.success) return { ok: true, value: result.output };
  const place = v.getDotPath(result.issues[0]) ?? "";
  // A name that the schema does not know is whatever the bottle made of it.
  const name = Object.hasOwn(schema.entries, place) ? place : "the whole";
  return { ok: false, reason: `${name} is not valid` };
}

/** Reads a proposal's text. Never throws, and its reason repeats nothing of the text. */
export function parseProposal(source: string): WireResult<Proposal> {
  return parse(Proposal, source);
}

/** Reads the text of the answer to a proposal; one to another is refused. Never throws. */
export function parseResponse(source: string, proposalId: string): WireResult<ProposalResponse> {
  const result = parse(Response, source);
  if (!result.ok || result.value.proposal_id === proposalId) return result;
  return { ok: false, reason: "proposal_id is that of another proposal" };
}

/** Reads a note's text. Never throws. */
export function parseNote(source: string): WireResult<ProposalNote> {
  return parse(Note, source);
}

/** The text of any of the three. Pure ASCII, so that nothing in it can act on a terminal. */
export function formatQueueFile(value: Proposal | ProposalResponse | ProposalNote): string {
  const json = JSON.stringify(value, null, 2);
  const ascii = json.replace(/[\x7f-\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `${ascii}\n`;
}
