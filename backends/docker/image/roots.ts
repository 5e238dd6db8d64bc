import type { Readable } from "node:stream";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/failure.ts";
import { LABELS } from "../labels.ts";
import type { Image } from "./ensure.ts";

/** Where distributions keep the bundle of roots that they trust. */
const PLACES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
];

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * The roots that an image trusts, as PEM; empty when it has none. Read once for each image and
 * kept under `<home>/cache`.
 */
export async function imageRoots(
  engine: Engine,
  image: Image,
  { home, mark }: { home: string; mark: string },
): Promise<string> {
  const folder = `${home}/cache/image-roots`;
  const file = `${folder}/${image.id.replace(/^sha256:/, "")}.pem`;
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const pem = await readFromImage(engine, image, mark);
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, pem, { mode: 0o600 });
  await Deno.rename(temporary, file);
  return pem;
}

/** A container that never runs gives its image's files. */
async function readFromImage(engine: Engine, image: Image, mark: string): Promise<string> {
  const library = await engine.library();
  const container = await library.createContainer({
    Image: image.id,
    Entrypoint: ["/bin/true"],
    NetworkDisabled: true,
    Labels: { [LABELS.role]: "scratch", [LABELS.home]: mark },
  });
  try {
    for (const path of PLACES) {
      const pem = await readFile(await openArchive(() => container.getArchive({ path })));
      if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem.endsWith("\n") ? pem : `${pem}\n`;
    }
    return "";
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function openArchive(
  open: () => Promise<NodeJS.ReadableStream>,
): Promise<Readable | undefined> {
  try {
    return await open() as Readable;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** The content of the first file in the archive; empty for a link or a file beyond all measure. */
async function readFile(archive: Readable | undefined): Promise<string> {
  if (archive === undefined) return "";
  // @ts-types="@types/tar-stream"
  const { extract } = await import("tar-stream");
  const unpacked = extract();
  archive.on("error", (error) => unpacked.destroy(error));
  archive.pipe(unpacked);
  let text = "";
  for await (const entry of unpacked) {
    const { type, size = 0 } = entry.header;
    const wanted = type === "file" && size <= MAX_BYTES && text === "";
    const decoder = new TextDecoder();
    for await (const chunk of entry as AsyncIterable<Uint8Array>) {
      if (wanted) text += decoder.decode(chunk, { stream: true });
    }
  }
  return text;
}
