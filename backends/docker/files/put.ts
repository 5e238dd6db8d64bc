// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import type { Readable } from "node:stream";

/**
 * Unpacks an archive at the root of a container. An archive that fails on the way is what this
 * rejects with, not the engine's complaint about its end; aborting gives it up.
 *
 * The library's own `abortSignal` throws past every handler when it has fired already, so the
 * archive is ended instead, which ends the request with it.
 */
export async function putArchive(
  container: Docker.Container,
  archive: Readable,
  signal?: AbortSignal,
): Promise<void> {
  // A request whose archive is gone before it is sent would wait for ever.
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  archive.once("error", failed.reject);
  const stop = (): void => {
    failed.reject(signal?.reason);
    archive.destroy(new Error("the copy was given up"));
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    await Promise.race([container.putArchive(archive, { path: "/" }), failed.promise]);
  } finally {
    signal?.removeEventListener("abort", stop);
    archive.destroy();
  }
}
