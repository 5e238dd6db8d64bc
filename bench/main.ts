/**
 * `deno task bench [name] [--json]`: runs one benchmark or all, each against its peer in the same
 * run. Exit code 1 when an aim is missed, 2 for an unknown name.
 */
import { parseArgs } from "node:util";
import { formatRow, type Row } from "./row.ts";

const BENCHMARKS: Readonly<Record<string, () => Promise<{ run(): Promise<Row[]> }>>> = {
  first_byte: () => import("./first_byte.ts"),
  help: () => import("./help.ts"),
  launch: () => import("./launch.ts"),
};

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
  let missed = false;
  for (const name of names) {
    const load = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
    if (!load) {
      console.error(`no benchmark ${name}; there are ${Object.keys(BENCHMARKS).join(", ")}`);
      return 2;
    }
    for (const row of await (await load()).run()) {
      missed ||= !row.met;
      console.log(values.json ? JSON.stringify(row) : formatRow(row));
    }
  }
  return missed ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
