/** One entry of an archive that is unpacked at the root of a container. */
export type Entry =
  | (EntryBase & { readonly type: "directory" })
  | (EntryBase & { readonly type: "symlink"; readonly target: string })
  | (EntryBase & {
    readonly type: "file";
    /** Bytes that `body` gives, exactly. */
    readonly size: number;
    body(): AsyncIterable<Uint8Array>;
  });

interface EntryBase {
  /** Absolute path in the container, without `.` or `..` segments. */
  readonly path: string;
  /** Permission bits alone: neither setuid nor setgid nor sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Time of the last change; absent for the epoch, so that equal content makes equal bytes. */
  readonly mtime?: Date;
}

/** Owner of an entry, as numbers: names differ between images. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export const ROOT: Owner = Object.freeze({ uid: 0, gid: 0 });

/** A file of known content. */
export function fileEntry(
  path: string,
  content: string | Uint8Array,
  { uid, gid, mode }: Owner & { mode: number },
): Entry {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    type: "file",
    path,
    mode: mode & 0o777,
    uid,
    gid,
    size: bytes.length,
    async *body(): AsyncIterable<Uint8Array> {
      yield await Promise.resolve(bytes);
    },
  };
}
