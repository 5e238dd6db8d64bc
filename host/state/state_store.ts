import { isSlug } from "../../policy/slug.ts";
import type { BottleMetadata } from "../../policy/wire/metadata.ts";
import { BottleError, reasonOf } from "../errors.ts";
import { codeOf, ioError } from "./io_error.ts";
import { OwnedState, PRESERVE_FILE, STOPPED_FILE } from "./owned_state.ts";
import { isLocked, takeLock } from "./owner_lock.ts";
import { readMetadata } from "./read_metadata.ts";
import { writeFileAtomically } from "./write_file.ts";
import { assertPrivate, makePrivateFolder } from "./private_folder.ts";

/** A folder that is being made has this prefix until it is locked, so that nobody mistakes it. */
const NEW_PREFIX = ".new-";
/** A folder being made that is older than this, in milliseconds, was left by a crash. */
const NEW_TIMEOUT = 60_000;

/** One state folder, as others see it. */
export interface StateEntry {
  readonly slug: string;
  /** Absolute path of the folder. */
  readonly path: string;
  /** Is there a folder at all? */
  readonly present: boolean;
  /** Does a living process run this bottle? */
  readonly live: boolean;
  /** Is it kept on purpose? */
  readonly preserved: boolean;
  readonly metadata?: BottleMetadata;
  /** Why there is no metadata. */
  readonly problem?: string;
}

/** The state folders of one home: `<home>/state/<slug>/`. */
export class StateStore {
  readonly #root: string;
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
    this.#root = `${home}/state`;
  }

  /**
   * Makes the folder of that slug and locks it, in one step that only one of several can win.
   * Undefined: the slug is taken. Throws BottleError when the folder cannot be made.
   */
  async reserve(slug: string): Promise<OwnedState | undefined> {
    assertSlug(slug);
    await makePrivateFolder(this.#home);
    await makePrivateFolder(this.#root);
    await assertPrivate(this.#root);
    const fresh = `${this.#root}/${NEW_PREFIX}${crypto.randomUUID()}`;
    const path = `${this.#root}/${slug}`;
    try {
      await Deno.mkdir(fresh, { mode: 0o700 });
      const lock = await takeLock(fresh);
      if (!lock) throw new Error("another process has locked it");
      try {
        // Fails when the target is there, since every state folder holds its lock file.
        await Deno.rename(fresh, path);
        return new OwnedState(slug, { path, lock });
      } catch (error) {
        lock[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      await Deno.remove(fresh, { recursive: true }).catch(() => {});
      if (await exists(path)) return undefined;
      throw ioError(`make ${path}`, error);
    }
  }

  /** Slugs that have a folder, sorted, whoever owns it. */
  async slugs(): Promise<string[]> {
    return (await this.#names()).filter(isSlug).sort();
  }

  /** All state folders, sorted by slug. One that cannot be trusted is there with its problem. */
  async list(): Promise<StateEntry[]> {
    return await Promise.all((await this.slugs()).map(async (slug) => {
      try {
        return await this.entry(slug);
      } catch (error) {
        const path = `${this.#root}/${slug}`;
        return {
          slug,
          path,
          present: true,
          live: false,
          preserved: true,
          problem: reasonOf(error),
        };
      }
    }));
  }

  /** What is known of a slug, which need not have a folder. */
  async entry(slug: string): Promise<StateEntry> {
    assertSlug(slug);
    const path = `${this.#root}/${slug}`;
    const bare = { slug, path, present: true, live: false, preserved: false };
    try {
      if (!await exists(path)) {
        return { ...bare, present: false, problem: "there is no state folder" };
      }
      await assertPrivate(path);
      const [live, preserved, found] = await Promise.all([
        isLocked(path),
        exists(`${path}/${PRESERVE_FILE}`),
        readMetadata(path),
      ]);
      return found.ok
        ? { ...bare, live, preserved, metadata: found.metadata }
        : { ...bare, live, preserved, problem: found.reason };
    } catch (error) {
      throw ioError(`read ${path}`, error);
    }
  }

  /** Tells a living owner that its bottle is ended on purpose, so that it does not keep its state. */
  async markStopped(slug: string): Promise<void> {
    const entry = await this.entry(slug);
    if (entry.live) await writeFileAtomically(`${entry.path}/${STOPPED_FILE}`, "");
  }

  /** Folders that a crash left: no living owner, not preserved. */
  async stale(now: number): Promise<StateEntry[]> {
    const entries = await this.list();
    const unfinished = await this.#unfinished(now);
    return [...entries.filter((entry) => !entry.live && !entry.preserved), ...unfinished];
  }

  /** Removes a stale folder. False: somebody owns it after all, or it is to be kept. */
  async removeStale(entry: StateEntry): Promise<boolean> {
    try {
      using lock = await takeLock(entry.path);
      if (!lock || await exists(`${entry.path}/${PRESERVE_FILE}`)) return false;
      await Deno.remove(entry.path, { recursive: true });
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true;
      throw ioError(`remove ${entry.path}`, error);
    }
  }

  async #unfinished(now: number): Promise<StateEntry[]> {
    const names = (await this.#names()).filter((name) => name.startsWith(NEW_PREFIX));
    const entries = await Promise.all(names.map(async (slug): Promise<StateEntry[]> => {
      const path = `${this.#root}/${slug}`;
      const info = await Deno.lstat(path).catch(() => undefined);
      if (!info?.isDirectory || now - (info.mtime?.getTime() ?? now) < NEW_TIMEOUT) return [];
      const problem = "it was never finished";
      return [{ slug, path, present: true, live: false, preserved: false, problem }];
    }));
    return entries.flat();
  }

  async #names(): Promise<string[]> {
    const names: string[] = [];
    try {
      if (!await exists(this.#root)) return names;
      await assertPrivate(this.#root);
      for await (const { name } of Deno.readDir(this.#root)) names.push(name);
    } catch (error) {
      throw ioError(`read ${this.#root}`, error);
    }
    return names;
  }
}

function assertSlug(slug: string): void {
  if (isSlug(slug)) return;
  throw new BottleError(`Cannot use the slug ${JSON.stringify(slug)}: it is not one`, {
    hint: "bot-bottle list active shows the slugs of running bottles",
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
