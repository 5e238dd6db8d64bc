import { statfs } from "node:fs/promises";
import type { CommandContext } from "../context.ts";
import { reasonOf } from "../errors.ts";
import { whyNotPrivate } from "../state/private_folder.ts";
import { StateStore } from "../state/state_store.ts";
import { formatSize } from "../terminal/format.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** The oldest Deno that this program is tested with: major and minor. */
const OLDEST_DENO = [2, 9] as const;

/** Under this an image build is likely to fail, and under a tenth of it even small writes are. */
const COMFORTABLE_BYTES = 5 * 1024 ** 3;

/** Is the runtime new enough? */
export function checkRuntime(version: string = Deno.version.deno): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_DENO;
  const recent = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  if (recent) return ok("runtime", `Deno ${version}`);
  const wanted = OLDEST_DENO.join(".");
  return fail("runtime", `Deno ${version}, older than ${wanted}`, "run install.sh of bot-bottle");
}

/** Is there room on the disk that holds the home? */
export async function checkDisk({ home }: CommandContext): Promise<Check> {
  const folder = await nearestFolder(home);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${formatSize(free)} free at ${folder}`;
  if (free >= COMFORTABLE_BYTES) return ok("disk", detail);
  const remedy = "free some space; agents' images take a few GiB";
  return free >= COMFORTABLE_BYTES / 10
    ? warn("disk", detail, remedy)
    : fail("disk", detail, remedy);
}

/** May only their owner use the folders that hold policy and state? */
export async function checkFolders({ home }: CommandContext): Promise<Check[]> {
  const folders = [home, `${home}/bottles`, `${home}/agents`, `${home}/contrib`, `${home}/state`];
  const checks = await Promise.all(folders.map(async (folder): Promise<Check[]> => {
    const info = await Deno.stat(folder).catch((error: unknown) => error);
    if (info instanceof Deno.errors.NotFound) return [];
    if (!isFileInfo(info)) {
      return [fail("folders", `${folder}: ${reasonOf(info)}`, "check who owns it")];
    }
    const reason = whyNotPrivate(info);
    return reason === undefined
      ? []
      : [fail("folders", `${folder}: ${reason}`, `own it and run: chmod go-w ${folder}`)];
  }));
  const problems = checks.flat();
  return problems.length > 0 ? problems : [ok("folders", `${home} is its owner's alone to change`)];
}

/** Did a crash leave state? */
export async function checkState({ home }: CommandContext): Promise<Check> {
  const store = new StateStore(home);
  const [entries, stale] = await Promise.all([store.list(), store.stale(Date.now())]);
  if (stale.length > 0) {
    const slugs = stale.map(({ slug }) => slug).join(", ");
    return warn("state", `left by a crash: ${slugs}`, "run: bot-bottle cleanup");
  }
  const live = entries.filter((entry) => entry.live).length;
  const kept = entries.filter((entry) => entry.preserved).length;
  return ok("state", `${live} running, ${kept} kept`);
}

async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; folder.includes("/"); folder = folder.slice(0, folder.lastIndexOf("/"))) {
    if (await Deno.stat(folder || "/").then(() => true, () => false)) return folder || "/";
  }
  return "/";
}

function isFileInfo(value: unknown): value is Deno.FileInfo {
  return typeof value === "object" && value !== null && "isDirectory" in value;
}
