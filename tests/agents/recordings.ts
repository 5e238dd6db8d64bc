import { join } from "node:path";
import type { Received } from "../doubles/models/server.ts";

/** One request of an agent as it was recorded. */
export interface Recording {
  /** What it was, in a line: for messages about it. */
  readonly name: string;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** Writes each request as two files: `<number>.head.json` and `<number>.body`. */
export async function writeRecordings(
  folder: string,
  received: readonly Received[],
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [index, { body, ...head }] of received.entries()) {
    const base = join(folder, String(index).padStart(4, "0"));
    await Deno.writeTextFile(`${base}.head.json`, JSON.stringify(head));
    await Deno.writeFile(`${base}.body`, body);
  }
}

/** Reads what {@linkcode writeRecordings} wrote, in order. */
export async function readRecordings(folder: string): Promise<Recording[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name))
    .filter((name) => name.endsWith(".body"))
    .sort();
  return await Promise.all(names.map(async (name): Promise<Recording> => {
    const base = join(folder, name.slice(0, -".body".length));
    const head: Omit<Received, "body"> = JSON.parse(await Deno.readTextFile(`${base}.head.json`));
    const body = await Deno.readFile(`${base}.body`);
    const { via, method, host, target, headers } = head;
    const what = `${base} ${via} ${method} ${host}${target}`;
    return { name: what, method, host, target, headers, body };
  }));
}
