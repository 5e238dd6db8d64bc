import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { EGRESS_UID } from "../../policy/wire/launch.ts";
import { idInFileName } from "../../policy/wire/proposal.ts";

const LOOK_MILLISECONDS = 250;

/**
 * Where the operator is root, hands root's answers over to the account that waits for them, so that
 * any program can answer with a file of mode 0600 of its own. Does nothing elsewhere: there the
 * waiting process runs under the operator's own account.
 */
export function handOverAnswers(queue: string): Disposable {
  if (Deno.uid() !== 0) return { [Symbol.dispose]: () => {} };
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      for await (const { name } of Deno.readDir(queue)) {
        if (idInFileName(name, "response") === undefined) continue;
        // A link is refused, and a file may be taken up at this moment.
        await handOver(`${queue}/${name}`).catch(() => {});
      }
    } catch {
      // The queue is on its way out.
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MILLISECONDS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * The folder belongs to a process that talks to a bottle, so what stands there under an answer's
 * name may be anything: only a plain file that is root's own and has no other name changes hands.
 */
async function handOver(path: string): Promise<void> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const info = await file.stat();
    if (!info.isFile() || info.uid !== 0 || info.nlink !== 1) return;
    await file.chown(EGRESS_UID, EGRESS_UID);
  } finally {
    await file.close();
  }
}
