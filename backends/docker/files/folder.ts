import type { Entry, Owner } from "./entry.ts";

/** How a folder of the host is copied. */
export interface FolderOptions {
  readonly owner: Owner;
  /** Told of each thing that is left out, with its path on the host. */
  skipped(hostPath: string, why: string): void;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Walks a folder of the host and yields what a copy of it at `path` consists of. Links stay links
 * and are never followed, hard links become files, special bits are dropped; sockets, devices and
 * pipes, and what cannot be read, are skipped. File contents are read only when asked for.
 */
export async function* folderEntries(
  hostPath: string,
  path: string,
  options: FolderOptions,
): AsyncGenerator<Entry> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(hostPath);
  } catch (error) {
    options.skipped(hostPath, reasonOf(error));
    return;
  }
  const base = {
    path,
    mode: (info.mode ?? 0o644) & 0o777,
    ...options.owner,
    ...(info.mtime ? { mtime: info.mtime } : {}),
  };
  if (info.isSymlink) {
    yield { ...base, type: "symlink", target: await Deno.readLink(hostPath) };
  } else if (info.isFile) {
    yield* openFile(hostPath, base, options);
  } else if (info.isDirectory) {
    yield { ...base, type: "directory" };
    for (const name of await namesIn(hostPath, options)) {
      yield* folderEntries(`${hostPath}/${name}`, `${path}/${name}`, options);
    }
  } else {
    options.skipped(hostPath, "neither a file, a folder nor a symbolic link");
  }
}

/** Opens the file before its entry is announced, so that one that cannot be read is left out. */
async function* openFile(
  hostPath: string,
  base: Omit<Extract<Entry, { type: "directory" }>, "type">,
  options: FolderOptions,
): AsyncGenerator<Entry> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(hostPath);
  } catch (error) {
    options.skipped(hostPath, reasonOf(error));
    return;
  }
  try {
    const info = await file.stat();
    if (!info.isFile) {
      options.skipped(hostPath, "changed while it was copied");
      return;
    }
    const { size } = info;
    yield { ...base, type: "file", size, body: () => readExactly(file, size) };
  } finally {
    file.close();
  }
}

/** Gives exactly `size` bytes, whatever happens to the file meanwhile: cut, or filled with zeros. */
async function* readExactly(file: Deno.FsFile, size: number): AsyncGenerator<Uint8Array> {
  let left = size;
  while (left > 0) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, left));
    const count = await file.read(buffer) ?? buffer.length;
    left -= count;
    yield buffer.subarray(0, count);
  }
}

async function namesIn(hostPath: string, options: FolderOptions): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(hostPath)) names.push(name);
  } catch (error) {
    options.skipped(hostPath, reasonOf(error));
  }
  return names.sort();
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
