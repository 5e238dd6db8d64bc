import { type BackendContext, BackendError, type Finding } from "../backend.ts";
import { EngineError } from "./engine/call.ts";
import type { Engine, EngineInfo } from "./engine/engine.ts";
import { findSidecarImage, imageId } from "./image/ensure.ts";
import { ISOLATED_SINCE } from "./networks.ts";

/** What the images that bot-bottle comes with are built on. */
const BASE_IMAGES = ["node:22-slim", "debian:bookworm-slim"];

/** Below this an agent's image hardly fits. */
const NEEDED_BYTES = 2 * 1024 ** 3;
const SCARCE_BYTES = 10 * 1024 ** 3;

/**
 * Looks at what a launch needs of the engine: its images, its age and its disk. Asks only the
 * engine, never a registry.
 */
export async function diagnose(engine: Engine, context: BackendContext): Promise<Finding[]> {
  const checks: readonly [subject: string, check: () => Promise<Finding> | Finding][] = [
    ["engine", () => checkEngine(engine)],
    ["base images", () => checkBaseImages(engine)],
    ["sidecar image", () => checkSidecarImage(engine, context)],
    ["disk", () => checkDisk(engine)],
  ];
  return await Promise.all(checks.map(async ([subject, check]) => {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof BackendError || error instanceof EngineError)) throw error;
      const remedy = error instanceof BackendError ? error.hint : "see the engine's own log";
      return { subject, status: "fail", detail: error.message, remedy };
    }
  }));
}

function checkEngine({ version: { engine, major, api } }: Engine): Finding {
  const means = major >= ISOLATED_SINCE ? "isolated networks" : "networks without a gateway";
  const detail = `version ${engine}, API ${api}; the host is kept off by ${means}`;
  return { subject: "engine", status: "ok", detail };
}

async function checkBaseImages(engine: Engine): Promise<Finding> {
  const ids = await Promise.all(BASE_IMAGES.map((name) => imageId(engine, name)));
  const missing = BASE_IMAGES.filter((_, index) => ids[index] === undefined);
  const subject = "base images";
  if (missing.length === 0) {
    return { subject, status: "ok", detail: `${BASE_IMAGES.join(" and ")} are there` };
  }
  return {
    subject,
    status: "warn",
    detail: `${missing.join(" and ")} not there; the first build pulls what it needs`,
    remedy: `without a way to the registry, load them: ${
      missing.map((name) => `docker pull ${name}`).join("; ")
    } where there is one, then \`docker save\` and \`docker load\``,
  };
}

async function checkSidecarImage(engine: Engine, context: BackendContext): Promise<Finding> {
  const { name, id } = await findSidecarImage(engine, context);
  const state = id === undefined ? "will be built at the next start" : "is there";
  return { subject: "sidecar image", status: "ok", detail: `${name} ${state}` };
}

async function checkDisk(engine: Engine): Promise<Finding> {
  const subject = "disk";
  const { DockerRootDir: root } = await engine.call<EngineInfo>("GET", "/info");
  const free = engine.endpoint.kind === "unix" ? await freeBytes(root) : undefined;
  if (free === undefined) {
    return { subject, status: "ok", detail: `free space of ${root} is not known from here` };
  }
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${root}`;
  if (free >= SCARCE_BYTES) return { subject, status: "ok", detail };
  const status = free < NEEDED_BYTES ? "fail" : "warn";
  return {
    subject,
    status,
    detail,
    remedy: "remove images that are not needed: docker image prune",
  };
}

/** Undefined where the folder is another machine's, or none that this user may look at. */
async function freeBytes(folder: string): Promise<number | undefined> {
  const { statfs } = await import("node:fs/promises");
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
