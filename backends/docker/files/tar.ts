import type { Readable } from "node:stream";
// @ts-types="@types/tar-stream"
import { type Headers, pack as newPack } from "tar-stream";
import { drained } from "../drained.ts";
import type { Entry } from "./entry.ts";

/**
 * A tar archive of the entries as a stream that is produced as fast as it is read: no file is held
 * in memory. An error of the entries destroys the stream with it.
 */
export function toTar(entries: AsyncIterable<Entry> | Iterable<Entry>): Readable {
  const archive = newPack();
  const write = async (): Promise<void> => {
    for await (const entry of entries) {
      if (archive.destroyed) return;
      await writeEntry(archive, entry);
    }
    archive.finalize();
  };
  write().catch((error) => archive.destroy(error instanceof Error ? error : new Error(`${error}`)));
  return archive;
}

async function writeEntry(archive: ReturnType<typeof newPack>, entry: Entry): Promise<void> {
  const finished = Promise.withResolvers<void>();
  const sink = archive.entry(headerOf(entry), (error) => {
    if (error) finished.reject(error);
    else finished.resolve();
  });
  if (entry.type === "file") {
    for await (const chunk of entry.body()) {
      if (archive.destroyed) throw new Error("the archive was given up");
      if (!sink.write(chunk)) await drained(sink, archive);
    }
    sink.end();
  }
  await finished.promise;
}

function headerOf(entry: Entry): Headers {
  const { path, type, mode, uid, gid } = entry;
  return {
    name: path.slice(1) + (type === "directory" ? "/" : ""),
    type,
    mode,
    uid,
    gid,
    mtime: entry.mtime ?? new Date(0),
    ...(type === "file" ? { size: entry.size } : {}),
    ...(type === "symlink" ? { linkname: entry.target } : {}),
  };
}
