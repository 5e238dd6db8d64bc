import { BackendError } from "../../backend.ts";
import type { BottleFile, BottleFolder, BottleUser } from "../../../policy/plan.ts";
import { type Entry, fileEntry, ROOT } from "./entry.ts";
import { folderEntries } from "./folder.ts";

/** What is copied into a bottle. */
export interface CopyPlan {
  readonly user: BottleUser;
  readonly files: readonly BottleFile[];
  readonly folders: readonly BottleFolder[];
  /** A folder that must be there, the agent's own when it is below the home; absent for none. */
  readonly workdir?: string;
  /** Told of each thing that is left out. */
  skipped(hostPath: string, why: string): void;
}

/**
 * Everything that the plan places in the bottle: folders first, then files, each after the parents
 * that it needs below the user's home. Throws BackendError when a path is not absolute and plain,
 * or leads through a symbolic link that was copied: a workspace must not choose where the
 * launcher's own files land.
 */
export async function* planEntries(plan: CopyPlan): AsyncGenerator<Entry> {
  const made = new Set<string>();
  const links = new Set<string>();
  const check = (path: string): void => {
    requirePlain(path);
    const through = ancestors(path).find((parent) => links.has(parent));
    if (through !== undefined) throw leadsThroughLink(path, through);
  };
  if (plan.workdir !== undefined) {
    check(plan.workdir);
    yield* parentsOf(`${plan.workdir}/.`, plan.user, made);
  }
  for (const { path, hostPath } of plan.folders) {
    check(path);
    yield* parentsOf(path, plan.user, made);
    const { skipped } = plan;
    for await (const entry of folderEntries(hostPath, path, { owner: ids(plan.user), skipped })) {
      if (entry.type === "symlink") links.add(entry.path);
      if (entry.type === "directory") made.add(entry.path);
      yield entry;
    }
  }
  for (const { path, content, mode, owner } of plan.files) {
    check(path);
    yield* parentsOf(path, plan.user, made);
    yield fileEntry(path, content, { ...(owner === "root" ? ROOT : ids(plan.user)), mode });
  }
}

/** Folders between the home and the path; the engine would make them as root's. */
function* parentsOf(path: string, user: BottleUser, made: Set<string>): Generator<Entry> {
  for (const parent of ancestors(path)) {
    if (!parent.startsWith(`${user.home}/`) || made.has(parent)) continue;
    made.add(parent);
    yield { type: "directory", path: parent, mode: 0o755, ...ids(user) };
  }
}

function ids({ uid, gid }: BottleUser): { uid: number; gid: number } {
  return { uid, gid };
}

/** Every folder above an absolute path, the outermost first, without the root. */
function ancestors(path: string): string[] {
  const segments = path.split("/").slice(1, -1);
  return segments.map((_, index) => `/${segments.slice(0, index + 1).join("/")}`);
}

function requirePlain(path: string): void {
  const [first, ...segments] = path.split("/");
  const plain = first === "" && segments.length > 0 &&
    segments.every((segment) => segment !== "" && segment !== "." && segment !== "..") &&
    !path.includes("\0");
  if (plain) return;
  throw new BackendError(
    `Cannot place a file in the bottle: ${JSON.stringify(path)} is no plain absolute path`,
    { hint: "write paths in a bottle as /folder/name, without `.`, `..` or doubled slashes" },
  );
}

function leadsThroughLink(path: string, link: string): BackendError {
  return new BackendError(
    `Cannot place ${path} in the bottle: ${link} is a symbolic link in the copied folder`,
    { hint: "remove that link from the workspace or skill, it decides where files would land" },
  );
}
