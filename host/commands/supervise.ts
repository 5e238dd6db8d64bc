import type { Proposal } from "../../policy/wire/proposal.ts";
import type { CommandContext } from "../context.ts";
import { findProposal, type OpenProposal, openProposals, respond } from "../supervise/proposals.ts";
import { formatAge } from "../terminal/format.ts";

/** What one proposal is in `--json`: its file, with the texts as the bottle wrote them. */
export type ProposalOutput = Proposal;

async function read(context: CommandContext): ReturnType<typeof openProposals> {
  const proposals = await openProposals(context.home);
  for (const skipped of proposals.skipped) context.terminal.warn(`skipped ${skipped}`);
  return proposals;
}

/** Lists what waits for an answer, oldest first. */
export async function list(context: CommandContext, options: { json?: boolean }): Promise<number> {
  const { open } = await read(context);
  if (options.json) {
    const output: readonly ProposalOutput[] = open.map(({ proposal }) => proposal);
    context.terminal.json(output);
  } else if (open.length === 0) context.terminal.print("Nothing waits for an answer");
  else {
    const now = Date.now();
    const rows = open.map(({ proposal }) => [
      proposal.id.slice(0, 8),
      formatAge(proposal.arrival_timestamp, now),
      proposal.bottle_slug,
      proposal.tool,
      proposal.justification,
    ]);
    context.terminal.table({ heading: ["ID", "AGE", "BOTTLE", "TOOL", "WHAT"], rows });
  }
  return 0;
}

/** Shows one proposal whole. */
export async function show(
  context: CommandContext,
  { id, json }: { id: string; json?: boolean },
): Promise<number> {
  const { proposal } = findProposal(await read(context), id);
  const { terminal } = context;
  if (json) terminal.json(proposal satisfies ProposalOutput);
  else {
    terminal.print(`id       ${proposal.id}`);
    terminal.print(`bottle   ${proposal.bottle_slug}`);
    terminal.print(`tool     ${proposal.tool}`);
    terminal.print(`since    ${proposal.arrival_timestamp}`);
    terminal.print(`why      ${proposal.justification}`);
    terminal.print("");
    terminal.printText(`${proposal.proposed_file.trimEnd()}\n`);
  }
  return 0;
}

/** Says yes: what is held goes on, and the value counts as safe as long as the bottle runs. */
export async function approve(
  context: CommandContext,
  { id, notes = "" }: { id: string; notes?: string },
): Promise<number> {
  return await answer(context, id, { status: "approved", notes });
}

/** Says no; the agent is told the reason. */
export async function reject(
  context: CommandContext,
  { id, reason = "" }: { id: string; reason?: string },
): Promise<number> {
  return await answer(context, id, { status: "rejected", notes: reason });
}

async function answer(
  context: CommandContext,
  id: string,
  decision: Parameters<typeof respond>[1],
): Promise<number> {
  const open: OpenProposal = findProposal(await read(context), id);
  await respond(open, decision);
  context.terminal.info(`${open.proposal.id} of ${open.proposal.bottle_slug}: ${decision.status}`);
  return 0;
}
