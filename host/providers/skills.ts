import { nearest } from "../../policy/manifest/nearest.ts";
import type { BottleFolder } from "../../policy/plan.ts";
import { BottleError, reasonOf } from "../errors.ts";

const SKILL_NAME = /^[a-z][a-z0-9-]*$/;

/** Where skills are looked for and where they go. */
export interface SkillPlaces {
  /** The operator's home on the host, absolute. */
  readonly homeDirectory: string;
  /** As in {@linkcode AgentProvider.skillsDirectory}. */
  readonly skillsDirectory: string;
}

/**
 * Finds the folders `~/.claude/skills/<name>`, each once, in the order asked for. A skill's own
 * folder may be a symbolic link, since it is the operator who made it; links inside it are for
 * whoever copies to carry as links. Throws BottleError for a skill that is none.
 */
export async function resolveSkills(
  names: readonly string[],
  { homeDirectory, skillsDirectory }: SkillPlaces,
): Promise<readonly BottleFolder[]> {
  const root = `${homeDirectory}/.claude/skills`;
  return await Promise.all([...new Set(names)].map(async (name): Promise<BottleFolder> => {
    if (!SKILL_NAME.test(name)) {
      throw new BottleError(`Cannot use skill ${JSON.stringify(name)}: it is not a skill's name`, {
        hint: "a skill's name has lower-case letters, digits and dashes",
      });
    }
    return { path: `${skillsDirectory}/${name}`, hostPath: await skillFolder(root, name) };
  }));
}

async function skillFolder(root: string, name: string): Promise<string> {
  const path = `${root}/${name}`;
  try {
    const real = await Deno.realPath(path);
    if ((await Deno.stat(real)).isDirectory) return real;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new BottleError(`Cannot use skill ${name}: ${path}: ${reasonOf(error)}`, {
        cause: error,
        hint: "check its permissions and links",
      });
    }
    const near = nearest(name, await skillNames(root));
    throw new BottleError(`Cannot use skill ${name}: there is no folder ${path}`, {
      hint: near === undefined ? `put it under ${root}` : `did you mean ${near}?`,
    });
  }
  throw new BottleError(`Cannot use skill ${name}: ${path} is not a folder`, {
    hint: "a skill is a folder with a SKILL.md in it",
  });
}

async function skillNames(root: string): Promise<readonly string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name)
      .filter((name) => SKILL_NAME.test(name)).sort();
  } catch {
    return [];
  }
}
