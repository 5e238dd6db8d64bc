import type { BottleFolder, BottleUser } from "../../policy/plan.ts";
import { UsageError } from "../errors.ts";

/** Where the agent starts, below its home. */
export function workdirOf(user: BottleUser): string {
  return `${user.home}/workspace`;
}

/**
 * The copy of the current folder that `--cwd` asks for. Throws UsageError for a folder that holds
 * the operator's own secrets: its copy would hand them to the agent.
 */
export async function workspaceFolder(
  cwd: string,
  { home, userHome, workdir }: {
    /** The bot-bottle folder. */
    readonly home: string;
    readonly userHome: string | undefined;
    readonly workdir: string;
  },
): Promise<BottleFolder> {
  const folder = await Deno.realPath(cwd);
  for (const [what, path] of [["your home folder", userHome], ["the bot-bottle folder", home]]) {
    const real = path && await realPathOrNothing(path);
    if (!real || !isWithin(real, folder)) continue;
    throw new UsageError(`Cannot copy ${folder} into a bottle: ${what} lies in it`, {
      hint: "change to the project's own folder, then start with --cwd again",
    });
  }
  return { path: workdir, hostPath: folder };
}

function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

async function realPathOrNothing(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch {
    return undefined;
  }
}
