// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import type { Readable } from "node:stream";

/**
 * Unpacks an archive at the root of a container. An archive that fails on the way is what this
 * rejects with, not the engine's complaint about its end; aborting gives it up.
 */
export async function putArchive(
  container: Docker.Container,
  archive: Readable,
  signal?: AbortSignal,
): Promise<void> {
  let failure: unknown;
  archive.once("error", (error) => failure = error);
  try {
    await container.putArchive(archive, {
      path: "/",
      ...(signal ? { abortSignal: signal } : {}),
    });
  } catch (error) {
    throw failure ?? error;
  } finally {
    archive.destroy();
  }
}
