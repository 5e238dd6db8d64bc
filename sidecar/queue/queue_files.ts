import {
  formatQueueFile,
  idInFileName,
  parseProposal,
  parseResponse,
  PROCESSED_FOLDER,
  type Proposal,
  PROPOSAL_MAX_BYTES,
  proposalFileName,
  type ProposalNote,
  type ProposalPart,
  type ProposalResponse,
  type ProposalTool,
  type WireResult,
} from "../../policy/wire/proposal.ts";

/** An answer's file. */
export interface FoundResponse {
  /** Not `ok` for one that cannot be used. */
  readonly result: WireResult<ProposalResponse>;
  /** Differs when the file was replaced. */
  readonly stamp: string;
}

/** The files of one bottle's queue, as the side that asks sees them. */
export class QueueFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Puts a proposal there, whole or not at all. Rejects when the queue is not writable. */
  async propose(proposal: Proposal): Promise<void> {
    const path = this.#path(proposal.id, "proposal");
    await this.#write(path, formatQueueFile(proposal));
  }

  /** The answer when it is there. */
  async response(id: string): Promise<FoundResponse | undefined> {
    const path = this.#path(id, "response");
    const info = await Deno.lstat(path).catch(() => undefined);
    if (info === undefined) return undefined;
    const stamp = [info.ino, info.size, info.mtime?.getTime()].join(" ");
    return { stamp, result: await this.#readResponse(id, path, info) };
  }

  async #readResponse(
    id: string,
    path: string,
    info: Deno.FileInfo,
  ): Promise<WireResult<ProposalResponse>> {
    if (!info.isFile) return { ok: false, reason: "it is not a regular file" };
    if (info.size > PROPOSAL_MAX_BYTES) return { ok: false, reason: "it is too large" };
    try {
      return parseResponse(await Deno.readTextFile(path), id);
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.name : "it is not readable" };
    }
  }

  /** Moves what belongs to a proposal to the processed ones, with a note where nobody answered. */
  async settle(id: string, note?: ProposalNote): Promise<void> {
    await Deno.mkdir(`${this.#folder}/${PROCESSED_FOLDER}`, { recursive: true, mode: 0o700 });
    // The proposal first: without it nobody answers any more.
    await this.#move(id, "proposal");
    await this.#move(id, "response");
    if (note === undefined) return;
    await this.#write(this.#path(id, "note", PROCESSED_FOLDER), formatQueueFile(note));
  }

  /** Removes a processed proposal for good. */
  async forget(id: string): Promise<void> {
    for (const part of ["proposal", "response", "note"] as const) {
      await Deno.remove(this.#path(id, part, PROCESSED_FOLDER)).catch(() => {});
    }
  }

  /** The open proposals that ask for that; what cannot be read is none. */
  async open(tool: ProposalTool): Promise<string[]> {
    const ids: string[] = [];
    for await (const { name } of Deno.readDir(this.#folder)) {
      const id = idInFileName(name, "proposal");
      if (id === undefined) continue;
      const path = `${this.#folder}/${name}`;
      const info = await Deno.lstat(path);
      if (!info.isFile || info.size > PROPOSAL_MAX_BYTES) continue;
      const parsed = parseProposal(await Deno.readTextFile(path));
      if (parsed.ok && parsed.value.tool === tool) ids.push(id);
    }
    return ids;
  }

  #path(id: string, part: ProposalPart, ...within: readonly string[]): string {
    return [this.#folder, ...within, proposalFileName(id, part)].join("/");
  }

  async #move(id: string, part: ProposalPart): Promise<void> {
    try {
      await Deno.rename(this.#path(id, part), this.#path(id, part, PROCESSED_FOLDER));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #write(path: string, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > PROPOSAL_MAX_BYTES) throw new RangeError("it is too large");
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.writeFile(temporary, bytes, { createNew: true, mode: 0o600 });
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  }
}
