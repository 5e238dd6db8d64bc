import type { ResolvedManifest } from "../../policy/manifest/resolved.ts";
import type { ImagePlan } from "../../policy/plan.ts";
import { BottleError, reasonOf } from "../errors.ts";
import type { LoadedProvider } from "../providers/door.ts";

const MAX_DOCKERFILE_BYTES = 256 * 1024;

/**
 * The image of the agent: the manifest's own Dockerfile when it names one, else the provider's.
 * Throws BottleError when the file cannot be read.
 */
export async function imagePlan(
  manifest: ResolvedManifest,
  provider: LoadedProvider,
  { cwd, userHome }: { readonly cwd: string; readonly userHome: string },
): Promise<ImagePlan> {
  const { name } = provider;
  const own = manifest.provider.dockerfile;
  if (own === undefined) {
    return withContext({ name, dockerfile: provider.dockerfile }, provider.contextPath);
  }
  const path = absolute(own, cwd, userHome);
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  return withContext({ name, dockerfile: await readDockerfile(path) }, folder);
}

/** A folder is sent to the engine only for a Dockerfile that takes something from it. */
function withContext(image: ImagePlan, folder: string | undefined): ImagePlan {
  const needsFolder = /^\s*(?:COPY|ADD)\s/im.test(image.dockerfile);
  return folder !== undefined && needsFolder ? { ...image, contextPath: folder } : image;
}

function absolute(path: string, cwd: string, userHome: string): string {
  if (path.startsWith("~/")) return `${userHome}${path.slice(1)}`;
  return path.startsWith("/") ? path : `${cwd}/${path}`;
}

async function readDockerfile(path: string): Promise<string> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new Error("it is not a file");
    if (size > MAX_DOCKERFILE_BYTES) throw new Error("it is larger than 256 KiB");
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new BottleError(`Cannot read the Dockerfile ${path}: ${reasonOf(error)}`, {
      hint: "agent_provider.dockerfile is relative to the folder that bot-bottle was started in",
      cause: error,
    });
  }
}
