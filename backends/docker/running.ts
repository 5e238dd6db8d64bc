import { ROUTES_PATH } from "../../policy/wire/launch.ts";
import { BackendError, type Bottle } from "../backend.ts";
import { type Stay, STAY_FILE } from "./agent.ts";
import { DockerBottle } from "./bottle.ts";
import type { Engine } from "./engine/engine.ts";
import { runExec } from "./exec.ts";
import { fileEntry, ROOT } from "./files/entry.ts";
import { putArchive } from "./files/put.ts";
import { homeId, LABELS, type Role } from "./labels.ts";
import { findParts, type Part, releaseLaunch } from "./release.ts";

const STAY_LIMIT = 4 * 1024 * 1024;

/** The running container of that role. Throws BackendError when there is none. */
export async function findContainer(
  engine: Engine,
  home: string,
  { slug, role }: { slug: string; role: Role },
): Promise<Part> {
  const parts = await partsOf(engine, home, slug);
  const found = parts.find(({ kind, labels, state }) =>
    kind === "container" && labels[LABELS.role] === role && state === "running"
  );
  if (found) return found;
  throw notRunning(slug);
}

/** Joins a bottle that some other process runs. */
export async function openBottle(engine: Engine, home: string, slug: string): Promise<Bottle> {
  const { id } = await findContainer(engine, home, { slug, role: "agent" });
  const library = await engine.library();
  const { Config } = await library.getContainer(id).inspect();
  const [uid = 0, gid = 0] = Config.User.split(":").map(Number);
  const stay = await readStay(engine, id, Config.User);
  const { USER: name = "", HOME: folder = "/" } = stay.env;
  return new DockerBottle({
    engine,
    slug,
    container: id,
    user: { name, uid, gid, home: folder },
    stay,
    release: () => Promise.resolve(),
  });
}

/** Removes all parts of a bottle, whichever process started it. */
export async function stopBottle(engine: Engine, home: string, slug: string): Promise<void> {
  const parts = await partsOf(engine, home, slug);
  if (parts.length === 0) throw notRunning(slug);
  const launches = new Set(parts.map(({ labels }) => labels[LABELS.launch] ?? ""));
  for (const launch of launches) await releaseLaunch(engine, launch);
}

/** Puts a new routes.yaml into the sidecar and has its first process read it. */
export async function reloadEgress(
  engine: Engine,
  home: string,
  { slug, routesYaml }: { slug: string; routesYaml: string },
): Promise<void> {
  const { id } = await findContainer(engine, home, { slug, role: "sidecar" });
  const [{ toTar }, library] = await Promise.all([import("./files/tar.ts"), engine.library()]);
  const container = library.getContainer(id);
  const entry = fileEntry(ROUTES_PATH, routesYaml, { ...ROOT, mode: 0o644 });
  await putArchive(container, toTar([entry]));
  await container.kill({ signal: "SIGHUP" });
}

async function partsOf(engine: Engine, home: string, slug: string): Promise<Part[]> {
  return await findParts(engine, { [LABELS.home]: await homeId(home), [LABELS.slug]: slug });
}

/** What the first process kept; the bottle may have changed it, so it is checked like any input. */
async function readStay(engine: Engine, container: string, user: string): Promise<Stay> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  await runExec(engine, {
    container,
    argv: ["head", "-c", String(STAY_LIMIT), STAY_FILE],
    env: {},
    user,
    workdir: "/",
  }, {
    sinks: {
      stdout: (chunk) => {
        size += chunk.length;
        if (size <= STAY_LIMIT) chunks.push(chunk.slice());
      },
      stderr: () => {},
    },
  });
  return parseStay(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text());
}

function parseStay(text: string): Stay {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "env" in value && "workdir" in value) {
      const { env, workdir } = value;
      if (typeof workdir === "string" && typeof env === "object" && env !== null) {
        const pairs = Object.entries(env).filter((pair): pair is [string, string] =>
          typeof pair[1] === "string"
        );
        return { env: Object.fromEntries(pairs), workdir };
      }
    }
  } catch {
    // Told below, like every other content that is not what the launcher wrote.
  }
  throw new BackendError("Cannot join the bottle: its record of the environment is damaged", {
    hint: "something in the bottle changed it; end the bottle with `bot-bottle stop`",
  });
}

function notRunning(slug: string): BackendError {
  return new BackendError(`Cannot find bottle ${slug}: it does not run on docker`, {
    hint: "see `bot-bottle list active`",
  });
}
