import { type BottleMetadata, formatMetadata } from "../../policy/wire/metadata.ts";
import { ioError } from "./io_error.ts";
import type { OwnerLock } from "./owner_lock.ts";
import { writeFileAtomically } from "./write_file.ts";

/** Name of the file whose presence keeps a state folder. */
export const PRESERVE_FILE = "preserve";
/** Name of the file that `stop` leaves for the process that runs the bottle. */
export const STOPPED_FILE = "stopped";
/** Name of the file that describes the bottle. */
export const METADATA_FILE = "metadata.json";

/** What is to be remembered of a bottle, but for what its folder says already. */
export type NewMetadata = Omit<BottleMetadata, "version" | "slug">;

/**
 * The state folder of a bottle that this process runs. While it is held, `cleanup` leaves the
 * bottle alone. Closing it removes the folder, unless it is to be preserved.
 */
export class OwnedState implements AsyncDisposable {
  readonly slug: string;
  /** Absolute path of the folder. */
  readonly path: string;
  readonly #lock: OwnerLock;
  #preserved = false;
  #closing: Promise<void> | undefined;

  constructor(slug: string, { path, lock }: { path: string; lock: OwnerLock }) {
    this.slug = slug;
    this.path = path;
    this.#lock = lock;
  }

  async writeMetadata(metadata: NewMetadata): Promise<void> {
    await this.write(METADATA_FILE, formatMetadata({ ...metadata, slug: this.slug }));
  }

  /** Replaces a file of the folder, whole or not at all. */
  async write(name: string, text: string): Promise<void> {
    await writeFileAtomically(`${this.path}/${name}`, text);
  }

  /** Makes (or finds) a folder in the folder and returns its path. */
  async subfolder(name: string): Promise<string> {
    const path = `${this.path}/${name}`;
    try {
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw ioError(`make ${path}`, error);
    }
    return path;
  }

  /** Keeps the folder when this is closed; `why` is for the one who finds it. */
  async preserve(why: string): Promise<void> {
    this.#preserved = true;
    await this.write(PRESERVE_FILE, `${why}\n`);
  }

  /** Was the bottle ended on purpose, by `bot-bottle stop`? */
  async wasStopped(): Promise<boolean> {
    return await Deno.lstat(`${this.path}/${STOPPED_FILE}`).then(() => true, () => false);
  }

  /** Lets go of the folder, and removes it unless preserved. Later calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    using _lock = this.#lock;
    if (this.#preserved || !await this.#lock.guards(this.path)) return;
    try {
      await Deno.remove(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw ioError(`remove ${this.path}`, error);
    }
  }
}
