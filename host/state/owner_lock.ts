import { codeOf } from "./io_error.ts";

const LOCK_FILE = "owner.lock";

/** The lock of a state folder; the system lets go of it when its process ends, however it ends. */
export interface OwnerLock extends Disposable {
  /** Is the locked file still the one in that folder? */
  guards(folder: string): Promise<boolean>;
}

/** Takes the lock of a folder, making its file when there is none. Undefined: another has it. */
export async function takeLock(folder: string): Promise<OwnerLock | undefined> {
  const file = await Deno.open(`${folder}/${LOCK_FILE}`, {
    read: true,
    write: true,
    create: true,
    mode: 0o600,
  });
  if (!await file.tryLock(true)) {
    file.close();
    return undefined;
  }
  return {
    guards: async (place) => {
      const [ours, there] = await Promise.all([
        file.stat(),
        Deno.lstat(`${place}/${LOCK_FILE}`).catch(() => undefined),
      ]);
      return there !== undefined && ours.ino === there.ino && ours.dev === there.dev;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** Does a living process hold the lock of that folder? */
export async function isLocked(folder: string): Promise<boolean> {
  try {
    using file = await Deno.open(`${folder}/${LOCK_FILE}`, { read: true });
    // Shared, so that two who look at the same time do not take each other for the owner.
    return !await file.tryLock(false);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
