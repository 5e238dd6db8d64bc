import { atMost, median, type Row } from "./row.ts";

const ROUNDS = 15;
const ROOT = new URL("..", import.meta.url).pathname;

/** `bot-bottle --help` against the runtime evaluating nothing, in alternation. */
export async function run(): Promise<Row[]> {
  const help = [`${ROOT}bot-bottle`, "--help"];
  const nothing = [Deno.execPath(), "eval", ""];
  await Promise.all([elapsed(help), elapsed(nothing)]);
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await elapsed(help));
    peer.push(await elapsed(nothing));
  }
  return [atMost(2.5, {
    bench: "help",
    metric: "command to exit",
    ours: median(ours),
    peer: median(peer),
    unit: "ms",
  })];
}

async function elapsed([command = "", ...args]: string[]): Promise<number> {
  const start = performance.now();
  const { success } = await new Deno.Command(command, { args, stdout: "null" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed`);
  return performance.now() - start;
}
