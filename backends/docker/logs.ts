import type { Readable } from "node:stream";
import { BackendError, type LogOptions } from "../backend.ts";
import { type Piece, pieces } from "./engine/duplex.ts";
import type { Engine } from "./engine/engine.ts";
import { homeId, LABELS } from "./labels.ts";
import { findParts } from "./release.ts";

const LINE_LIMIT = 1024 * 1024;

/** The sidecar's log, line by line; with a service only the lines that begin with `[service]`. */
export async function* readLogs(
  engine: Engine,
  home: string,
  { slug, follow, service, signal }: LogOptions & { readonly slug: string },
): AsyncGenerator<Uint8Array> {
  const labels = { [LABELS.home]: await homeId(home), [LABELS.slug]: slug };
  const sidecar = (await findParts(engine, { ...labels, [LABELS.role]: "sidecar" }))[0];
  if (!sidecar) {
    throw new BackendError(`Cannot read the log of bottle ${slug}: it has no sidecar on docker`, {
      hint: "see `bot-bottle list active`",
    });
  }
  const container = (await engine.library()).getContainer(sidecar.id);
  const answer = await openLog(container, follow);
  const stop = (): void => void answer.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const prefix = service === undefined ? "" : `[${service}]`;
    for await (const line of linesOf(pieces(answer))) {
      if (startsWith(line, prefix)) yield line;
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    answer.destroy();
  }
}

interface LogSource {
  logs(options: { follow: true; stdout: true; stderr: true }): Promise<NodeJS.ReadableStream>;
  logs(options: { follow: false; stdout: true; stderr: true }): Promise<Uint8Array>;
}

async function openLog(container: LogSource, follow: boolean): Promise<Readable> {
  if (follow) {
    return await container.logs({ follow: true, stdout: true, stderr: true }) as Readable;
  }
  const { Readable: NodeReadable } = await import("node:stream");
  const whole = await container.logs({ follow: false, stdout: true, stderr: true });
  return NodeReadable.from([whole]);
}

/** Whole lines with their ends; a line beyond all measure comes in pieces. */
async function* linesOf(source: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array();
  for await (const { body: chunk } of source) {
    const joined = new Uint8Array(rest.length + chunk.length);
    joined.set(rest);
    joined.set(chunk, rest.length);
    let start = 0;
    for (let end = joined.indexOf(10); end >= 0; end = joined.indexOf(10, start)) {
      yield joined.slice(start, end + 1);
      start = end + 1;
    }
    rest = joined.slice(start);
    if (rest.length > LINE_LIMIT) {
      yield rest;
      rest = new Uint8Array();
    }
  }
  if (rest.length > 0) yield rest;
}

function startsWith(line: Uint8Array, prefix: string): boolean {
  return new TextDecoder().decode(line.subarray(0, prefix.length)) === prefix;
}
