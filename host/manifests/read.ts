import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { sep } from "node:path";
import { ManifestError } from "../../policy/manifest/diagnostic.ts";
import { MAX_MANIFEST_BYTES } from "../../policy/manifest/limits.ts";

/**
 * Reads a manifest file, at most one byte more than a manifest may have. Never waits for a pipe
 * or a device, and with `within` never follows a link out of that folder.
 *
 * Resolves with undefined when there is no such file. Throws {@linkcode ManifestError} for what
 * is not a regular file or cannot be read.
 */
export async function readManifestFile(
  file: string,
  options: { readonly within?: string } = {},
): Promise<Uint8Array | undefined> {
  try {
    const real = await realpath(file);
    if (options.within !== undefined && !isInside(real, await realpath(options.within))) {
      throw refusal(file, "it is a link out of the folder", "replace the link by a file");
    }
    // The path was resolved: a link that stands there by now was put there meanwhile. A pipe must
    // not be waited for.
    const handle = await open(
      real,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      return await readBounded(file, handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof ManifestError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const reason = REASONS.get(code) ?? `it cannot be read${code === "" ? "" : ` (${code})`}`;
    throw refusal(file, reason, "check what the path is and who may read it");
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "reading it is not permitted"],
  ["EPERM", "reading it is not permitted"],
  ["ELOOP", "its links lead in a circle"],
  ["ENXIO", "it is not a regular file"],
]);

async function readBounded(file: string, handle: FileHandle): Promise<Uint8Array> {
  const info = await handle.stat();
  if (!info.isFile()) {
    throw refusal(file, "it is not a regular file", "replace it by a file");
  }
  const buffer = new Uint8Array(Math.min(info.size, MAX_MANIFEST_BYTES) + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function refusal(file: string, message: string, hint: string): ManifestError {
  return new ManifestError([{ file, line: 0, column: 0, keyPath: "", message, hint }]);
}
