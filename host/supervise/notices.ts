import type { Terminal } from "../terminal/terminal.ts";
import { openProposals } from "./proposals.ts";

const LOOK_MILLISECONDS = 1000;

/** Tells, once for each question, that a bottle waits for an answer, until disposed. */
export function noticeQuestions(
  { home, terminal }: { readonly home: string; readonly terminal: Terminal },
  slug: string,
): Disposable {
  const told = new Set<string>();
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      for (const { proposal } of (await openProposals(home, slug)).open) {
        if (told.has(proposal.id)) continue;
        told.add(proposal.id);
        const answer = `bot-bottle supervise show ${proposal.id.slice(0, 8)}`;
        terminal.warn(`${slug} waits for your answer: ${proposal.justification}`, answer);
      }
    } catch {
      // The queue is on its way out; what could not be told times out.
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MILLISECONDS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
